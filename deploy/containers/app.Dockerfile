# A Function App in a container, for Container Apps and Kubernetes: the Functions host with the
# package in it.
#
#   scripts/package
#   docker build -f deploy/containers/app.Dockerfile -t custom-allocation .
#   docker build -f deploy/containers/app.Dockerfile -t digital-twins --build-arg APP=dist/digital-twins .
FROM mcr.microsoft.com/azure-functions/dotnet:4

ARG APP=dist/app

ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    FUNCTIONS_WORKER_RUNTIME=custom

COPY ${APP}/ /home/site/wwwroot/
