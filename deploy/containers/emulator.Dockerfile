# The emulator, for the CI of others: a local Device Provisioning Service with the allocation app
# behind it.
#
#   scripts/release
#   docker build -f deploy/containers/emulator.Dockerfile -t emulator .
#   docker run --rm -p 8443:8443 -p 8883:8883 -v "$PWD/certificates:/certificates" emulator
FROM scratch

COPY dist/emulator/emulator /emulator
COPY dist/app/ /app/

# Where it keeps its certificates, whose authority the devices must trust.
WORKDIR /work

EXPOSE 8443 8883
ENTRYPOINT ["/emulator"]
CMD ["dps", "--app", "/app", "--listen", "0.0.0.0", "--certificates", "/certificates"]
