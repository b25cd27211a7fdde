"""What deploy/enrollments and deploy/rotate-key share: Azure through `az rest`, and nothing else.

- `az`: one request, with its status and headers, retries, and no secret in any message
- `app`: a Function App's host name and the keys of its functions
- `provisioning`: the enrollments of a Device Provisioning Service
- `enrollment`: the enrollments that are wanted, from a file
- `command`: arguments and errors
"""
