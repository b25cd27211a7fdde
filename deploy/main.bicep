// The whole deployment: the allocation app, two IoT hubs and the Device Provisioning Service that
// links them. By parameters also the Digital Twins app, a table of devices, alerts, and an identity
// for the deployment from GitHub. Enrollments can't be made here, as Azure Resource Manager has no
// such resources and the function key exists only once the app runs: deploy/enrollments makes them.
targetScope = 'subscription'

@description('Names the resource group and, through a hash, everything in it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('The region of all resources. Flex Consumption must be offered there.')
param location string

@description('Object id of the person or identity that runs deploy/enrollments, uploads models and fills the table. Empty: nobody is given these rights.')
param operatorId string = ''

@description('What the hubs are called, before the hash. The policy tells hubs apart by parts of these names.')
@minLength(1)
param hubPrefixes string[] = [
  'contoso-toasters-hub'
  'contoso-heatpumps-hub'
]

@description('The hubs\' tier. Device twins need a standard tier.')
@allowed([
  'S1'
  'S2'
  'S3'
])
param hubSku string = 'S1'

@description('Units of each hub.')
@minValue(1)
@maxValue(200)
param hubUnits int = 1

@description('Link the hubs to the Device Provisioning Service by a managed identity instead of by their keys.')
param linkByIdentity bool = false

@description('Instances of the allocation app that are kept ready. With 0 the first device of the day waits for one to start.')
@minValue(0)
@maxValue(40)
param readyInstances int = 1

@description('How far the allocation app scales out.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('Deploy the Digital Twins app, with its instance, Event Hubs and the routes of the hubs.')
param digitalTwins bool = false

@description('Deploy a table of devices, and the right of the allocation app to read it.')
param deviceTable bool = false

@description('Who is told when the allocation app is in trouble. Empty: no alerts.')
param alertEmail string = ''

@description('OWNER/REPOSITORY on GitHub that may deploy the apps, from its environment named production. Empty: none.')
param githubRepository string = ''

var token = uniqueString(subscription().id, environmentName, location)
var tags = {
  'azd-env-name': environmentName
}
var hubNames = [for prefix in hubPrefixes: '${prefix}-${token}']
var allocationAppName = 'func-allocation-${token}'
var digitalTwinsAppName = 'func-twins-${token}'
var provisioningServiceName = 'dps-${token}'

// The connection that function.json's table input names. The retry settings bound how long a device
// waits for a store that is down.
var deviceTableConnection = 'AllocationTable'
var deviceTableRetries = {
  '${deviceTableConnection}__retry__maxRetries': '1'
  '${deviceTableConnection}__retry__delay': '00:00:00.200'
  '${deviceTableConnection}__retry__networkTimeout': '00:00:02'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${token}'
    insightsName: 'appi-${token}'
    location: location
    tags: tags
  }
}

module table 'modules/device-table.bicep' = if (deviceTable) {
  scope: group
  params: {
    storageName: 'stdevices${token}'
    location: location
    tags: tags
    operatorId: operatorId
  }
}

module allocation 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: allocationAppName
    serviceName: 'allocation'
    planName: 'plan-allocation-${token}'
    storageName: 'stalloc${token}'
    insightsName: monitoring.outputs.insightsName
    location: location
    tags: tags
    readyInstances: readyInstances
    maximumInstances: maximumInstances
    settings: deviceTable
      ? union(deviceTableRetries, { '${deviceTableConnection}__tableServiceUri': table!.outputs.endpoint })
      : {}
  }
}

module tableAccess 'modules/device-table-access.bicep' = if (deviceTable) {
  scope: group
  params: {
    storageName: table!.outputs.storageName
    principalId: allocation.outputs.principalId
  }
}

module events 'modules/events.bicep' = if (digitalTwins) {
  scope: group
  params: {
    namespaceName: 'evhns-${token}'
    identityName: 'id-hubs-${token}'
    location: location
    tags: tags
  }
}

module twins 'modules/digital-twins.bicep' = if (digitalTwins) {
  scope: group
  params: {
    instanceName: 'dt-${token}'
    namespaceName: events!.outputs.namespaceName
    appName: digitalTwinsAppName
    planName: 'plan-twins-${token}'
    storageName: 'sttwins${token}'
    insightsName: monitoring.outputs.insightsName
    location: location
    tags: tags
    operatorId: operatorId
  }
}

module hubs 'modules/iot-hubs.bicep' = {
  scope: group
  params: {
    names: hubNames
    skuName: hubSku
    units: hubUnits
    location: location
    tags: tags
    routingIdentityId: digitalTwins ? events!.outputs.identityId : ''
    eventsNamespaceName: digitalTwins ? events!.outputs.namespaceName : ''
  }
}

module provisioningByKey 'modules/provisioning-by-key.bicep' = if (!linkByIdentity) {
  scope: group
  dependsOn: [
    hubs
  ]
  params: {
    name: provisioningServiceName
    workspaceId: monitoring.outputs.workspaceId
    hubNames: hubNames
    location: location
    tags: tags
    operatorId: operatorId
  }
}

module provisioningByIdentity 'modules/provisioning-by-identity.bicep' = if (linkByIdentity) {
  scope: group
  dependsOn: [
    hubs
  ]
  params: {
    name: provisioningServiceName
    identityName: 'id-dps-${token}'
    workspaceId: monitoring.outputs.workspaceId
    hubNames: hubNames
    location: location
    tags: tags
    operatorId: operatorId
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  scope: group
  params: {
    insightsName: monitoring.outputs.insightsName
    email: alertEmail
    location: location
    tags: tags
  }
}

module github 'modules/github.bicep' = if (!empty(githubRepository)) {
  scope: group
  dependsOn: [
    allocation
    twins
  ]
  params: {
    identityName: 'id-github-${token}'
    repository: githubRepository
    appNames: digitalTwins ? [allocationAppName, digitalTwinsAppName] : [allocationAppName]
    location: location
    tags: tags
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output ALLOCATION_APP_NAME string = allocation.outputs.name
output ALLOCATION_APP_HOST string = allocation.outputs.hostName
output DIGITAL_TWINS_APP_NAME string = digitalTwins ? twins!.outputs.appName : ''
output DIGITAL_TWINS_INSTANCE string = digitalTwins ? twins!.outputs.instanceName : ''
output DEVICE_TABLE_ACCOUNT string = deviceTable ? table!.outputs.storageName : ''
output DPS_NAME string = provisioningServiceName
output DPS_ID_SCOPE string = linkByIdentity
  ? provisioningByIdentity!.outputs.idScope
  : provisioningByKey!.outputs.idScope
output GITHUB_CLIENT_ID string = empty(githubRepository) ? '' : github!.outputs.clientId
