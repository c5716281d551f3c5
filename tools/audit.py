"""Hold the installed packages against known vulnerabilities: `python tools/audit.py`.

Ends with 1 only where a package has a vulnerability for which there is a fixed version. Where nothing can be
asked it says so loudly and ends with 0: an index that does not answer must not stop a change.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig


def main() -> int:
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", "pypi", "--format", "json",
               "--progress-spinner", "off", "--path", sysconfig.get_path("purelib")]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        print(f"NOT AUDITED: no vulnerabilities could be asked for ({type(error).__name__}).")
        return 0
    asked = [each for each in packages if "skip_reason" not in each]
    if len(asked) < len(packages) // 2:
        print(f"NOT AUDITED: the package index knew {len(asked)} of {len(packages)} packages.")
        return 0
    bad = [
        f"{each['name']} {each['version']}: {found['id']}, fixed in {', '.join(found['fix_versions'])}"
        for each in asked
        for found in each["vulns"]
        if found["fix_versions"]
    ]
    print("\n".join(bad) or f"No known vulnerability with a fix in {len(asked)} packages.")
    return int(bool(bad))


if __name__ == "__main__":
    raise SystemExit(main())
