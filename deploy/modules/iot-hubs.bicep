// The IoT hubs. With the Digital Twins app they route telemetry and lifecycle events to its event
// hubs, as an identity that may send there, and stamp each message with the id of the device's
// twin.

param names string[]
param skuName string
param units int
param location string
param tags object

@description('The identity that sends to the event hubs. Empty: no routes.')
param routingIdentityId string

@description('The Event Hubs namespace. Empty: no routes.')
param eventsNamespaceName string

var routed = !empty(routingIdentityId)
var eventsEndpoint = 'sb://${eventsNamespaceName}.servicebus.windows.net'

resource hubs 'Microsoft.Devices/IotHubs@2023-06-30' = [
  for name in names: {
    name: name
    location: location
    tags: tags
    sku: {
      name: skuName
      capacity: units
    }
    identity: routed
      ? {
          type: 'UserAssigned'
          userAssignedIdentities: {
            '${routingIdentityId}': {}
          }
        }
      : {
          type: 'None'
        }
    properties: {
      publicNetworkAccess: 'Enabled'
      routing: {
        endpoints: {
          eventHubs: routed
            ? [
                {
                  name: 'deviceevents'
                  authenticationType: 'identityBased'
                  identity: {
                    userAssignedIdentity: routingIdentityId
                  }
                  endpointUri: eventsEndpoint
                  entityPath: 'deviceevents'
                }
                {
                  name: 'lifecycleevents'
                  authenticationType: 'identityBased'
                  identity: {
                    userAssignedIdentity: routingIdentityId
                  }
                  endpointUri: eventsEndpoint
                  entityPath: 'lifecycleevents'
                }
              ]
            : []
        }
        routes: routed
          ? [
              {
                // A message that already has a property dtId could name any twin: it goes to the
                // fallback instead.
                name: 'telemetry'
                source: 'DeviceMessages'
                condition: 'NOT is_defined(dtId)'
                endpointNames: ['deviceevents']
                isEnabled: true
              }
              {
                name: 'lifecycle'
                source: 'DeviceLifecycleEvents'
                condition: 'true'
                endpointNames: ['lifecycleevents']
                isEnabled: true
              }
            ]
          : []
        fallbackRoute: {
          name: '$fallback'
          source: 'DeviceMessages'
          condition: 'true'
          endpointNames: ['events']
          isEnabled: true
        }
        enrichments: routed
          ? [
              {
                key: 'dtId'
                value: '$twin.tags.dtId'
                endpointNames: ['deviceevents']
              }
            ]
          : []
      }
    }
  }
]
