// E-mails about the allocation app, from its log. docs/OPERATIONS.md says what to do about each.

param insightsName string
param email string
param location string
param tags object

var rules = [
  {
    name: 'webhook-fails'
    description: 'The webhook answered with 500 or more: the service asks again for seven minutes, then the device fails.'
    query: 'requests | where name == "HttpTrigger1" | where toint(resultCode) >= 500 or success == false'
    threshold: 10
    severity: 1
  }
  {
    name: 'webhook-errors'
    description: 'The handler logged an error: someone must act.'
    query: 'traces | where severityLevel >= 3'
    threshold: 0
    severity: 2
  }
  {
    name: 'webhook-slow'
    description: 'The webhook took longer than 4 seconds: nobody documents how long the service waits.'
    query: 'requests | where name == "HttpTrigger1" | where duration > 4000'
    threshold: 10
    severity: 2
  }
]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'operators'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'operators'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.name
      description: rule.description
      enabled: true
      severity: rule.severity
      scopes: [
        insights.id
      ]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: true
      actions: {
        actionGroups: [
          operators.id
        ]
      }
    }
  }
]
