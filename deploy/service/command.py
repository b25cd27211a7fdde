"""Arguments, most of which azd sets as variables, and how a command ends."""

import argparse
import os
import sys

from .az import Failure

# Argument, variable that azd sets from the deployment's outputs, and what it is.
PLACES = {
    "--resource-group": ("AZURE_RESOURCE_GROUP", "the resource group of all of them"),
    "--dps": ("DPS_NAME", "the Device Provisioning Service"),
    "--app": ("ALLOCATION_APP_NAME", "the allocation app"),
    "--digital-twins-app": ("DIGITAL_TWINS_APP_NAME", "the Digital Twins app, if there is one"),
}


def parser(description, epilog):
    """A parser of arguments that both commands have."""
    parsed = argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, (variable, meaning) in PLACES.items():
        parsed.add_argument(
            name, metavar="NAME", default=os.environ.get(variable), help=f"{meaning} [default: ${variable}]"
        )
    parsed.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    return parsed


def needs(arguments, *names):
    """Ends the command where one of these arguments is missing."""
    for name in names:
        if not getattr(arguments, name.strip("-").replace("-", "_")):
            raise Failure(f"{name} is missing, and ${PLACES[name][0]} is not set")


def run(main):
    """Runs a command: 0 when all is done, 1 with a sentence when it isn't, 130 when it was interrupted."""
    try:
        main()
    except Failure as failure:
        print(f"{os.path.basename(sys.argv[0])}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"{os.path.basename(sys.argv[0])}: interrupted: run it again to finish", file=sys.stderr)
        sys.exit(130)
