// A table of devices, for policies that decide by a row. Who deploys may fill it.

@minLength(3)
@maxLength(24)
param storageName string

param location string
param tags object

@description('Who may write rows. Empty: nobody is given the right.')
param operatorId string

var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: storageName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2026-04-01' = {
  parent: storage
  name: 'default'
}

resource devices 'Microsoft.Storage/storageAccounts/tableServices/tables@2026-04-01' = {
  parent: tables
  name: 'Allocations'
}

resource operatorAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(operatorId)) {
  scope: storage
  name: guid(storage.id, operatorId, storageTableDataContributor)
  properties: {
    principalId: operatorId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
  }
}

output storageName string = storage.name
output endpoint string = storage.properties.primaryEndpoints.table
