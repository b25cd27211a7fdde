// azd sets AZURE_ENV_NAME, AZURE_LOCATION and AZURE_PRINCIPAL_ID; the others are set with `azd env
// set NAME VALUE`.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param operatorId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param linkByIdentity = bool(readEnvironmentVariable('LINK_BY_IDENTITY', 'false'))
param readyInstances = int(readEnvironmentVariable('READY_INSTANCES', '1'))
param digitalTwins = bool(readEnvironmentVariable('DIGITAL_TWINS', 'false'))
param deviceTable = bool(readEnvironmentVariable('DEVICE_TABLE', 'false'))
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
param githubRepository = readEnvironmentVariable('GITHUB_REPOSITORY_NAME', '')
