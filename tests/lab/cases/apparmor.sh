# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/apparmor.sh - process.apparmorProfile is applied to the
# program and to what exec starts; a profile that is not loaded is an error.
# kernel: apparmor=1 security=apparmor
# programs: apparmor_parser
# built: hull-oci
# timeout: 90
. /lab/tap.sh
. /lab/oci.sh

cat >/tmp/profile <<'P'
profile hull-lab flags=(attach_disconnected) {
  file,
  network,
  capability,
  signal,
  ptrace,
  deny /secret rw,
}
profile hull-lab-exec flags=(attach_disconnected) {
  file,
  signal,
}
P
ok "the profiles load" apparmor_parser -r -K --config-file=/dev/null --base=/tmp /tmp/profile
profile='"apparmorProfile": "hull-lab",'
ls -la /proc/self/attr >&2

bundle /a1 '["/bin/cat", "/proc/self/attr/current"]' '' "$profile"
is "the program runs under the profile" "$(hull-oci run --bundle /a1 a1)" "hull-lab (enforce)"
bundle /a2 '["/bin/cat", "/secret"]' '' "$profile"
echo hidden >/a2/rootfs/secret
is "and is bound by it" "$(hull-oci run --bundle /a2 a2 2>/dev/null)" ""
bundle /a3 '["/bin/cat", "/secret"]'
echo shown >/a3/rootfs/secret
is "without a profile it is not" "$(hull-oci run --bundle /a3 a3)" shown
bundle /a4 '["/bin/sleep", "1000"]' '' "$profile"
ok "a long-lived one starts" hull-oci run --detach --bundle /a4 a4
is "exec inherits the profile" "$(hull-oci exec a4 cat /proc/self/attr/current)" "hull-lab (enforce)"
is "exec takes another" \
	"$(hull-oci exec --apparmor hull-lab-exec a4 cat /proc/self/attr/current)" \
	"hull-lab-exec (enforce)"
hull-oci delete --force a4
bundle /a5 '["/bin/true"]' '' '"apparmorProfile": "no-such-profile",'
ok "a profile that is not loaded is an error" sh -c '! hull-oci run --bundle /a5 a5 2>/tmp/a5.err'
ok "that says so" grep -q -i -E 'apparmor|no-such-profile' /tmp/a5.err
cat /tmp/a5.err >&2
hull-oci delete --force a5 2>/dev/null
done_testing
