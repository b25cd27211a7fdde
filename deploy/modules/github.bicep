// The identity as which the workflow in .github/workflows/deploy.yml uploads packages. It signs in
// with a token of GitHub's: there is no secret to store there.

param identityName string

@description('OWNER/REPOSITORY')
param repository string

@description('The apps that it may deploy to, which exist already.')
param appNames string[]

param location string
param tags object

var websiteContributor = 'de139f84-1756-47ae-9be6-808fbbe84772'

resource apps 'Microsoft.Web/sites@2025-03-01' existing = [for appName in appNames: {
  name: appName
}]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: identityName
  location: location
  tags: tags
}

resource credential 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: identity
  name: 'github-production'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: 'repo:${repository}:environment:production'
    audiences: ['api://AzureADTokenExchange']
  }
}

resource deployers 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (appName, index) in appNames: {
    scope: apps[index]
    name: guid(apps[index].id, identity.id, websiteContributor)
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', websiteContributor)
    }
  }
]

output clientId string = identity.properties.clientId
