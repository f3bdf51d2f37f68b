"""A second reader of a ledger, written from RFC 6962, RFC 8032 and the C2SP texts alone: it shares no code with ours.

    python3 reader.py DIRECTORY VERIFIER-KEY [KEPT-CHECKPOINT]

Prints one JSON object: size and root of the checkpoint, and every problem. Exit 0 where there is none, 1 where there is.
Needs nothing but the standard library, and memory for all leaf hashes.
"""

import base64
import hashlib
import json
import os
import sys

# RFC 8032 §5.1: edwards25519, in extended coordinates (X, Y, Z, T).
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return (x * y % P, z * t % P, y * z % P, x * t % P)


def times(number, point):
    result = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def decode_point(octets):
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_M1 % P
    if x * x % P != square or (x == 0 and sign == 1):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = decode_point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519_holds(public_key, text, signature):
    a = decode_point(public_key)
    r = decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + text).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(k, a))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


# RFC 6962 §2.1.
def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def mth(leaves):
    if len(leaves) == 0:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


class Malformed(Exception):
    pass


def read_checkpoint(octets, vkey):
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key, validate=True)
    if key[0] != 1:
        raise Malformed("the key is not of Ed25519")
    text, _, signatures = octets.decode("utf-8").rpartition("\n\n")
    text += "\n"
    held = 0
    for line in signatures.removesuffix("\n").split("\n"):
        dash, signer, value = line.split(" ")
        value = base64.b64decode(value, validate=True)
        if (dash, signer, value[:4].hex()) == ("\u2014", name, key_id):
            if not ed25519_holds(key[1:], text.encode(), value[4:]):
                raise Malformed("the signature does not hold")
            held += 1
    if held == 0:
        raise Malformed("the key did not sign")
    origin, size, root = text.split("\n")[:3]
    if origin != name:
        raise Malformed("the origin is another one")
    return int(size), base64.b64decode(root, validate=True)


def tile_path(directory, level, n, width):
    groups = [f"{n % 1000:03}"]
    while n >= 1000:
        n //= 1000
        groups.insert(0, f"x{n % 1000:03}")
    path = os.path.join(directory, "tile", str(level), *groups)
    return path if width == 256 else f"{path}.p/{width}"


def read_tile(directory, level, n, width):
    """The octets; of a partial tile that is gone, those of the full one, of which only the beginning counts."""
    for each in (width, 256):
        try:
            with open(tile_path(directory, level, n, each), "rb") as file:
                return file.read(), each
        except FileNotFoundError:
            continue
    raise Malformed("it is missing")


def entries_of(octets):
    entries = []
    at = 0
    while at < len(octets):
        length = int.from_bytes(octets[at : at + 2], "big")
        if at + 2 + length > len(octets):
            raise Malformed("it ends inside an entry")
        entries.append(octets[at + 2 : at + 2 + length])
        at += 2 + length
    return entries


def read_ledger(directory, vkey, kept):
    problems = []
    with open(os.path.join(directory, "checkpoint"), "rb") as file:
        try:
            size, root = read_checkpoint(file.read(), vkey)
        except (Malformed, ValueError, IndexError) as error:
            return {"problems": [{"what": "checkpoint", "why": str(error)}]}

    leaves = []
    for n in range((size + 255) // 256):
        width = min(256, size - n * 256)
        try:
            octets, found = read_tile(directory, "entries", n, width)
            entries = entries_of(octets)
            if len(entries) != found:
                raise Malformed(f"it has {len(entries)} entries, not {found}")
        except Malformed as error:
            problems.append({"what": "bundle", "index": n, "why": str(error)})
            entries = [b""] * width
        leaves += [leaf_hash(entry) for entry in entries[:width]]

    level = 0
    while size // 256**level > 0:
        count, span = size // 256**level, 256**level
        for n in range((count + 255) // 256):
            width = min(256, count - n * 256)
            try:
                octets, found = read_tile(directory, level, n, width)
                if len(octets) != found * 32:
                    raise Malformed(f"it has {len(octets)} octets, not {found * 32}")
            except Malformed as error:
                problems.append({"what": "tile", "level": level, "index": n, "why": str(error)})
                continue
            for i in range(width):
                at = n * 256 + i
                if octets[32 * i : 32 * i + 32] != mth(leaves[at * span : (at + 1) * span]):
                    what = {"what": "entry", "index": at} if level == 0 else {"what": "tile", "level": level, "index": n}
                    problems.append({**what, "why": "the hash is another one"})
        level += 1

    if mth(leaves) != root:
        problems.append({"what": "root", "why": "the entries hash to another root"})
    if kept is not None:
        with open(kept, "rb") as file:
            kept_size, kept_root = read_checkpoint(file.read(), vkey)
        if kept_size > size:
            problems.append({"what": "truncated", "why": f"there were {kept_size} entries"})
        elif mth(leaves[:kept_size]) != kept_root:
            problems.append({"what": "forked", "why": f"the first {kept_size} entries were others"})
    return {"size": size, "root": root.hex(), "computed": mth(leaves).hex(), "problems": problems}


if __name__ == "__main__":
    result = read_ledger(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    print(json.dumps(result))
    sys.exit(1 if result["problems"] else 0)
