"""What this machine could do at best, measured on the core that the server is pinned to."""

import os
import subprocess
import sys
from dataclasses import dataclass

# OpenSSL's names of what it measures, by JWS algorithm; see the output format of `speed -mr`.
_CURVES = {"RS256": "rsa2048", "ES256": "ecdsap256", "EdDSA": "ed25519"}

_HASHES = """
import sys, time
from argon2.low_level import Type, hash_secret_raw
cost = dict(time_cost=int(sys.argv[1]), memory_cost=int(sys.argv[2]), parallelism=int(sys.argv[3]))
count, begin = 0, time.process_time()
while (spent := time.process_time() - begin) < float(sys.argv[4]):
    hash_secret_raw(b"correct horse battery staple", b"0123456789abcdef", **cost,
                    hash_len=32, type=Type.ID)
    count += 1
print(count / spent)
"""


@dataclass(frozen=True)
class Limits:
    """Signatures and password hashes per CPU-second of one core."""

    signatures: dict[str, float]
    hashes: float


def pin(core: int) -> list[str]:
    """Return the words that start a command on one core only."""
    return ["taskset", "--cpu-list", str(core)]


def measure_limits(core: int, seconds: int, argon2: tuple[int, int, int]) -> Limits:
    """Measure signatures/s by OpenSSL and Argon2id hashes/s; `argon2` is (t, m in KiB, p)."""
    signatures = {alg: _signatures(core, name, seconds) for alg, name in _CURVES.items()}
    words = [*map(str, argon2), str(seconds)]
    said = _run([*pin(core), sys.executable, "-c", _HASHES, *words])
    return Limits(signatures, float(said))


def mean(one: Limits, other: Limits) -> Limits:
    """Average two measurements, one from before the works and one from after."""
    signatures = {alg: (rate + other.signatures[alg]) / 2 for alg, rate in one.signatures.items()}
    return Limits(signatures, (one.hashes + other.hashes) / 2)


def _signatures(core: int, name: str, seconds: int) -> float:
    said = _run([*pin(core), "openssl", "speed", "-mr", "-seconds", str(seconds), name])
    # "+F2:2:2048:4036.0:61234.0": the two last fields are signatures and verifications a second.
    line = next(line for line in said.splitlines() if line.startswith("+F"))
    return float(line.split(":")[-2])


def _run(command: list[str]) -> str:
    environment = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"`{' '.join(command[:6])}` failed:\n{done.stderr}")
    return done.stdout
