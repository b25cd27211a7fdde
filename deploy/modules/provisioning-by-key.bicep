// The Device Provisioning Service, linked to the hubs by their keys. A rotated hub key must be
// brought here by a deployment.

param name string

@description('Where the service logs each registration.')
param workspaceId string

@description('The hubs to link, which exist already.')
param hubNames string[]

param location string
param tags object

@description('Who may write enrollments. Empty: nobody is given the right.')
param operatorId string

var deviceProvisioningServiceDataContributor = 'dfce44e4-17b7-4bd1-a6d1-04996ec95633'

resource hubs 'Microsoft.Devices/IotHubs@2023-06-30' existing = [for hubName in hubNames: {
  name: hubName
}]

resource provisioningService 'Microsoft.Devices/provisioningServices@2022-12-12' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'S1'
    capacity: 1
  }
  properties: {
    // For enrollments that don't say: each of ours says custom.
    allocationPolicy: 'Hashed'
    iotHubs: [
      for (hubName, index) in hubNames: {
        location: location
        // The built-in policy with both rights that the service needs, RegistryWrite and
        // ServiceConnect.
        connectionString: 'HostName=${hubs[index].properties.hostName};SharedAccessKeyName=iothubowner;SharedAccessKey=${listKeys('${hubs[index].id}/IotHubKeys/iothubowner', '2023-06-30').primaryKey}'
      }
    ]
  }
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
