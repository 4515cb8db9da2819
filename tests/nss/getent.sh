#!/bin/sh
# The real getent with the built module: LIBDIR MAKE_VIEW.
set -eu
lib=$1
make_view=$2
dir=$(mktemp -d /tmp/hearth-test-getent-XXXXXX)
trap 'rm -rf "$dir"' EXIT
export LD_LIBRARY_PATH="$lib" HEARTH_VIEW="$dir/view/names.view"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
# is "what getent prints, blanks squeezed" ARGUMENTS: lines are joined by "; "
is() {
    expected=$1
    shift
    got=$(getent "$@" | tr -s ' \t' ' ' | sed 's/ *$//' | paste -sd ';' | sed 's/;/; /g') || true
    [ "$got" = "$expected" ] || fail "getent $*: '$got', not '$expected'"
}
# ends CODE ARGUMENTS
ends() {
    expected=$1
    shift
    code=0
    getent "$@" >"$dir/out" 2>&1 || code=$?
    [ "$code" = "$expected" ] || fail "getent $*: exit $code, not $expected: $(cat "$dir/out")"
}

cat >"$dir/text" <<END
household maple own
@ A 192.168.1.1
camera AAAA fd68:6561:7274::5
camera AAAA fd68:6561:7274::6
camera A 192.168.1.5
cam1.garage A 192.168.1.7
door TXT open
alias A 192.168.1.5
household oak
nas A 10.9.8.7
END
"$make_view" "$dir/text" "$dir/view"

h='-s hosts:hearth'
is 'fd68:6561:7274::5 camera.maple.home.arpa; fd68:6561:7274::6 camera.maple.home.arpa' $h hosts camera.maple.home.arpa
is 'fd68:6561:7274::5 camera.maple.home.arpa; fd68:6561:7274::6 camera.maple.home.arpa' $h hosts CAMERA.Maple.HOME.arpa.
is '192.168.1.7 cam1.garage.maple.home.arpa' $h hosts cam1.garage.maple.home.arpa
is '192.168.1.1 maple.home.arpa' $h hosts maple.home.arpa
is '10.9.8.7 nas.oak.home.arpa' $h hosts nas.oak.home.arpa
is '192.168.1.5 alias.maple.home.arpa camera.maple.home.arpa' $h hosts 192.168.1.5
is 'fd68:6561:7274::6 camera.maple.home.arpa' $h hosts fd68:6561:7274::6
ends 2 $h hosts none.maple.home.arpa
ends 2 $h hosts door.maple.home.arpa
ends 2 $h hosts garage.maple.home.arpa
ends 2 $h hosts pine.home.arpa
ends 2 $h hosts home.arpa
ends 2 $h hosts 192.168.1.99
ends 2 $h hosts camera.maple.home.arpa.example
ends 2 $h hosts xhome.arpa

# What is not ours is asked of the next module; what is ours and is not there, of nobody.
ends 2 $h hosts localhost
ends 0 -s 'hosts:hearth files' hosts localhost
ends 0 -s 'hosts:hearth [NOTFOUND=return] files' hosts localhost
ends 2 -s 'hosts:hearth [NOTFOUND=return] files' hosts none.maple.home.arpa

# A new view is seen by the next program.
sed -i 's/192\.168\.1\.7/192.168.1.8/' "$dir/text"
"$make_view" "$dir/text" "$dir/view"
is '192.168.1.8 cam1.garage.maple.home.arpa' $h hosts cam1.garage.maple.home.arpa

# Damaged, missing, forbidden: no answer, no crash, and everybody else's names still go on.
size=$(stat -c %s "$HEARTH_VIEW")
cp "$HEARTH_VIEW" "$dir/good"
head -c "$((size / 2))" "$dir/good" >"$dir/view/half" && mv "$dir/view/half" "$HEARTH_VIEW"
ends 2 $h hosts camera.maple.home.arpa
ends 0 -s 'hosts:hearth [NOTFOUND=return] files' hosts localhost
: >"$dir/view/empty" && mv "$dir/view/empty" "$HEARTH_VIEW"
ends 2 $h hosts camera.maple.home.arpa
rm "$HEARTH_VIEW"
ends 2 $h hosts camera.maple.home.arpa
ends 0 -s 'hosts:hearth [NOTFOUND=return] files' hosts localhost
cp "$dir/good" "$HEARTH_VIEW"
chmod 000 "$HEARTH_VIEW"
if [ "$(id -u)" != 0 ]; then
    ends 2 $h hosts camera.maple.home.arpa
fi
rm -rf "$dir/view"
ends 2 $h hosts camera.maple.home.arpa
