// The Digital Twins instance and the app that keeps it in step with the devices.

@minLength(3)
@maxLength(63)
param instanceName string

@description('The namespace with the event hubs that the app reads.')
param namespaceName string

param appName string
param planName string
param storageName string
param insightsName string
param location string
param tags object

@description('Who may upload models. Empty: nobody is given the right.')
param operatorId string

var azureDigitalTwinsDataOwner = 'bcd981a7-7f74-457b-83e1-cceb9e632ffe'
var azureEventHubsDataReceiver = 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'

resource namespace 'Microsoft.EventHub/namespaces@2026-01-01' existing = {
  name: namespaceName
}

resource instance 'Microsoft.DigitalTwins/digitalTwinsInstances@2023-01-31' = {
  name: instanceName
  location: location
  tags: tags
  properties: {
    publicNetworkAccess: 'Enabled'
  }
}

module app 'function-app.bicep' = {
  params: {
    name: appName
    serviceName: 'digital-twins'
    planName: planName
    storageName: storageName
    insightsName: insightsName
    location: location
    tags: tags
    readyInstances: 0
    maximumInstances: 40
    settings: {
      ADT_SERVICE_URL: 'https://${instance.properties.hostName}'
      // The connection EVENTHUB_CONNECTIONSTRING of function.json, by identity. A plain setting of
      // that name would win.
      EVENTHUB_CONNECTIONSTRING__fullyQualifiedNamespace: '${namespace.name}.servicebus.windows.net'
    }
  }
}

resource twinsAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: instance
  name: guid(instance.id, appName, azureDigitalTwinsDataOwner)
  properties: {
    principalId: app.outputs.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', azureDigitalTwinsDataOwner)
  }
}

// On the namespace: a role on a consumer group alone does not suffice.
resource eventsAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace
  name: guid(namespace.id, appName, azureEventHubsDataReceiver)
  properties: {
    principalId: app.outputs.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', azureEventHubsDataReceiver)
  }
}

resource operatorAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorId)) {
  scope: instance
  name: guid(instance.id, operatorId, azureDigitalTwinsDataOwner)
  properties: {
    principalId: operatorId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', azureDigitalTwinsDataOwner)
  }
}

output appName string = app.outputs.name
output instanceName string = instance.name
