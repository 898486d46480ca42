# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/raise.sh - what needs rights over the host (CAP_SYS_RESOURCE,
# CAP_SYS_NICE) is had by a container below a user namespace, too, because the
# supervisor does it: limits, oom_score_adj, scheduler. The machine at hand has no
# CAP_SYS_RESOURCE to try it with.
# built: hull-oci
# timeout: 90
. /lab/tap.sh
. /lab/oci.sh

user='"uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
 "gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],'
below_user() { # DIR - the bundle gets a user namespace
	sed -i 's/"namespaces": \[/"namespaces": [ { "type": "user" },/' "$1/config.json"
	chmod 755 "$1"
}
run() { # DIR - its output
	hull-oci run --bundle "$1" "${1#/}" 2>&1
}
limit='"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 3000, "hard": 1048570}],'
files='["/bin/grep", "open files", "/proc/self/limits"]'
ulimit -n 1024
ulimit -H -n 4096

bundle /r1 "$files" '' "$limit"
is "a hard limit is raised" "$(run /r1 | tr -s ' ')" "Max open files 3000 1048570 files "
bundle /r2 "$files" "$user" "$limit"
below_user /r2
is "and below a user namespace" "$(run /r2 | tr -s ' ')" "Max open files 3000 1048570 files "
is "ours has stayed" "$(ulimit -H -n)" 4096

adj='["/bin/cat", "/proc/self/oom_score_adj"]'
bundle /o1 "$adj" '' '"oomScoreAdj": -500,'
is "oom_score_adj is lowered" "$(run /o1)" -500
bundle /o2 "$adj" "$user" '"oomScoreAdj": -500,'
below_user /o2
is "and below a user namespace" "$(run /o2)" -500

# Field 41 is the policy, 40 the real-time priority: proc_pid_stat(5).
stat='["/bin/cat", "/proc/self/stat"]'
policy() { sed 's/.*) //' | cut -d' ' -f38,39; }
bundle /s1 "$stat" '' '"scheduler": {"policy": "SCHED_FIFO", "priority": 7},'
is "a real-time policy" "$(run /s1 | policy)" "7 1"
bundle /s2 "$stat" "$user" '"scheduler": {"policy": "SCHED_RR", "priority": 9},'
below_user /s2
is "and below a user namespace" "$(run /s2 | policy)" "9 2"
done_testing
