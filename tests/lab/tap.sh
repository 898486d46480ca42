# SPDX-License-Identifier: Apache-2.0
# tests/lab/tap.sh - sourced by the cases: TAP in a few words.
tap_n=0

# ok NAME COMMAND... - passes when the command does
ok() {
	tap_name=$1
	shift
	tap_n=$((tap_n + 1))
	if "$@" >/tmp/tap.out 2>&1; then
		echo "ok $tap_n - $tap_name"
	else
		echo "not ok $tap_n - $tap_name"
		echo "# status $? of: $*"
		sed 's/^/# /' /tmp/tap.out
	fi
}

# is NAME HAVE WANT
is() {
	tap_n=$((tap_n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tap_n - $1"
	else
		echo "not ok $tap_n - $1"
		echo "# have: $2"
		echo "# want: $3"
	fi
}

# skip NAME WHY
skip() {
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

# Called last: a case that ends before has no plan and fails.
done_testing() {
	echo "1..$tap_n"
}
