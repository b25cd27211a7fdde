//! What `--help` tells.

/// Of the handler as a whole.
pub(super) const HANDLER: &str = "\
The custom handler of a Function App that decides which IoT hub a device gets.

usage:
  handler                               serve requests, as the Functions host starts it
  handler check [FILE]                  tell what is wrong with a policy, and what is risky
  handler explain REQUESTS…             tell how a policy decides on requests
  handler explain --than OLD REQUESTS…  list the devices that would move or change

handler check --help and handler explain --help tell more.

The policy is allocation.json beside host.json, or the file that ALLOCATION_POLICY names.

options:
  -h, --help     show this help
  -V, --version  show the version
";

/// Of `check`.
pub(super) const CHECK: &str = "\
Tells what is wrong with a policy, and what is risky.

usage:
  handler check [FILE] [--json]

FILE is the policy; without it, what is served: allocation.json beside host.json, or the file that
ALLOCATION_POLICY names. The files beside it are read, too:

  allocation.tests.json       its cases are decided on
  HttpTrigger1/function.json  the bindings of the policy's rows, and known traps of bindings
  host.json                   the extension bundle, and the function's timeout
  local.settings.json         the retry settings of the store

A case is a request and what is expected of the decision; of \"expect\", only \"rule\" is required:

  [ { \"name\": \"a toaster\",
      \"request\": { \"deviceRuntimeContext\": { \"registrationId\": \"toaster-1\" },
                   \"linkedHubs\": [ \"toasters.azure-devices.net\" ] },
      \"bindings\": { },
      \"expect\": { \"rule\": \"toaster\", \"status\": 200, \"hub\": \"toasters.azure-devices.net\",
                  \"initialTwin\": { }, \"payload\": { } } } ]

options:
  --json      write one JSON object for machines
  -h, --help  show this help

status:
  0  the policy is right, perhaps with notes
  1  it is wrong, a case failed, or a file can't be read
  2  the command is called wrongly
";

/// Of `explain`.
pub(super) const EXPLAIN: &str = "\
Tells how a policy decides on requests: each rule that is asked, each condition with its outcome, who
says the value, and the answer.

usage:
  handler explain [options] REQUESTS…
  handler explain --than OLD [options] REQUESTS…

REQUESTS are files of AllocationRequests, as the service posts them: one request, an array of them, or
one after the other, such as one a line. - is the standard input. They may be in UTF-8 or UTF-16. A file
that can't be read is told, and the others go on.

A value is proved where the service knows it, claimed where the device alone says it, and ours where it
comes from a row.

options:
  --policy FILE    take this policy; without it, what is served: allocation.json beside host.json, or
                   the file that ALLOCATION_POLICY names
  --than OLD       list the devices that the policy would move from where OLD has them, and those that
                   hear something else
  --bindings FILE  give each request these rows, as the host sends them in Data: {\"NAME\": …}
  --json           write JSON for machines, one object a line
  -h, --help       show this help

examples:
  handler explain fixtures/dps/group_first_registration.json
  handler explain --bindings rows.json request.json
  handler explain --than deployed.json fleet.jsonl

status:
  0  all requests were decided on, whatever became of the devices
  1  a file is wrong, or can't be read
  2  the command is called wrongly
";
