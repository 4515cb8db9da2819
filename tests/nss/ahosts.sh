#!/bin/sh
# `getent ahosts` leaves out families that no interface has (AI_ADDRCONFIG), so it is asked in a network
# namespace with a ULA and a private address on its lo: LIBDIR MAKE_VIEW.
set -eu
if [ "${3:-}" != inside ]; then
    user=
    [ "$(id -u)" = 0 ] || user=-r
    if ! unshare $user -n true 2>/dev/null || ! command -v ip >/dev/null; then
        echo "no network namespaces here (or no ip command): not tried"
        exit 77
    fi
    exec unshare $user -n "$0" "$1" "$2" inside
fi

lib=$1
make_view=$2
dir=$(mktemp -d /tmp/hearth-test-ahosts-XXXXXX)
trap 'rm -rf "$dir"' EXIT
export LD_LIBRARY_PATH="$lib" HEARTH_VIEW="$dir/view/names.view"
ip link set lo up
ip address add 192.168.77.1/24 dev lo
ip -6 address add fd68:6561:7274::1/64 dev lo nodad

cat >"$dir/text" <<END
household maple own
camera AAAA fd68:6561:7274::5
camera A 192.168.77.5
END
"$make_view" "$dir/text" "$dir/view"

expect() {
    if [ "$2" != "$3" ]; then
        printf 'FAILED: %s gave\n%s\nnot\n%s\n' "$1" "$2" "$3" >&2
        exit 1
    fi
}
addresses() {
    getent -s hosts:hearth "$1" camera.maple.home.arpa | awk '$2 == "STREAM" { print $1 }' | sort
}
expect ahosts "$(addresses ahosts)" "192.168.77.5
fd68:6561:7274::5"
expect ahostsv4 "$(addresses ahostsv4)" 192.168.77.5
expect ahostsv6 "$(addresses ahostsv6)" fd68:6561:7274::5
expect "the canonical name" "$(getent -s hosts:hearth ahosts Camera.maple.home.arpa. | awk 'NF > 2 { print $3 }')" \
    camera.maple.home.arpa
