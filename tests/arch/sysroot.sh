#!/usr/bin/env bash
# Fetches Debian's libraries that the ledger and its tests need, for another architecture, into a folder.
#
#   tests/arch/sysroot.sh i386|s390x FOLDER
#
# An apt of its own downloads them from this machine's Debian mirror, with Debian's signatures checked. The system's
# packages, its list of architectures and its indices stay as they are, and no right is needed.
set -euo pipefail

arch=$1 folder=$2
packages=(libsodium23 libsodium-dev liblmdb0 liblmdb-dev libcmocka0 libcmocka-dev)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

[ ! -e "$folder/.complete" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,cache/archives}/partial
: >"$work/status"

# Where this machine has them from: "500 http://… bookworm/main amd64 Packages".
apt-cache policy libsodium-dev liblmdb-dev libcmocka-dev |
    sed -nE "s|^ +[0-9]+ (https?://[^ ]+) ([^ /]+)/main [^ ]+ Packages$|deb [signed-by=$keyring] \1 \2 main|p" |
    sort -u >"$work/sources.list"
if [ ! -s "$work/sources.list" ]; then # its indices were thrown away
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" >"$work/sources.list"
fi

apt=(apt-get -q -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o APT::Sandbox::User=root
    -o "Dir::State=$work" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
    -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Acquire::Languages=none)
# An index that fails is no failure as long as the packages are in another.
"${apt[@]}" update || echo "sysroot.sh: not every index could be read" >&2
(cd "$work" && "${apt[@]}" download "${packages[@]}")
for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$folder"
done
touch "$folder/.complete"
