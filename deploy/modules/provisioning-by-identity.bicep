// The Device Provisioning Service, linked to the hubs by a managed identity: there is no key to
// rotate. Microsoft calls it a preview, and asks that the hubs go on allowing shared access
// policies.

param name string
param identityName string

@description('Where the service logs each registration.')
param workspaceId string

@description('The hubs to link, which exist already.')
param hubNames string[]

param location string
param tags object

@description('Who may write enrollments. Empty: nobody is given the right.')
param operatorId string

var iotHubDataContributor = '4fc6c259-987e-4a07-842e-c321cc9d413f'
var deviceProvisioningServiceDataContributor = 'dfce44e4-17b7-4bd1-a6d1-04996ec95633'

resource hubs 'Microsoft.Devices/IotHubs@2023-06-30' existing = [for hubName in hubNames: {
  name: hubName
}]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: tags
}

resource hubAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (hubName, index) in hubNames: {
    scope: hubs[index]
    name: guid(hubs[index].id, identity.id, iotHubDataContributor)
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', iotHubDataContributor)
    }
  }
]

resource provisioningService 'Microsoft.Devices/provisioningServices@2026-08-31' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'S1'
    capacity: 1
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    // For enrollments that don't say: each of ours says custom.
    allocationPolicy: 'Hashed'
    iotHubs: [
      for (hubName, index) in hubNames: {
        location: location
        hostName: hubs[index].properties.hostName
        authenticationType: 'UserAssigned'
        selectedUserAssignedIdentityResourceId: identity.id
      }
    ]
  }
  // A link is tried when it is made.
  dependsOn: [
    hubAccess
  ]
}

resource log 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: provisioningService
  name: 'registrations'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource operatorAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorId)) {
  scope: provisioningService
  name: guid(provisioningService.id, operatorId, deviceProvisioningServiceDataContributor)
  properties: {
    principalId: operatorId
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      deviceProvisioningServiceDataContributor
    )
  }
}

output idScope string = provisioningService.properties.idScope
