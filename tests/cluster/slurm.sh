#!/bin/bash
# A sweep on a real Slurm, disturbed: one task of an array of 8 is killed with kill -9, another is cancelled, both are
# run again, and the merged result must be that of one undisturbed run, byte for byte.
#
#     sudo bash tests/cluster/slurm.sh        # NODES=8: eight node daemons instead of four; KEEP=1: leave its folder
#
# Needs root and Debian (or a relative of it): installs Slurm, munge and their like by apt-get where they are missing,
# and starts a controller, munge and node daemons of its own beside whatever runs already, below .cache/. It is not part
# of `deno task test`. Takes a minute on two free cores; the last line is "ok" or what went wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
nodes=${NODES:-4}
grid=(--data demo --limit 600 --protocol ood --seeds 42 --routers knn,ridge,uniroute,mlp)

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
fail() { say "FAILED: $*"; exit 1; }

# ---- packages, munge, controller, nodes

if ! (command -v slurmctld && command -v slurmd && command -v sbatch && command -v munged) >/dev/null; then
  say "installing slurmctld, slurmd, slurm-client, munge"
  { apt-get update && apt-get install -y --no-install-recommends slurmctld slurmd slurm-client munge; } >/dev/null 2>&1 ||
    fail "apt-get could not install them"
fi
mkdir -p .cache
work=$(mktemp -d "$PWD/.cache/slurm-XXXXXX")
chmod 755 "$work"
stop() {
  for file in "$work"/pids/*; do [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null; done
  sleep 1
  [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap stop EXIT
mkdir "$work"/{pids,state,spool,logs,munge}

# A socket and a key of its own, so that a munge of the system is left alone.
head -c 1024 /dev/urandom >"$work/munge/key"
chmod 400 "$work/munge/key"
munged --force --socket="$work/munge/socket" --key-file="$work/munge/key" --seed-file="$work/munge/seed" \
  --pid-file="$work/pids/munged" --log-file="$work/logs/munged"

host=$(hostname -s)
export SLURM_CONF="$work/slurm.conf"
# Several daemons on one host: a port each, and one CPU each whatever the host has. Debian's slurmd is built for it.
# A requeued task waits until its old credential has expired (cred_expire), by default two minutes.
cat >"$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool/%n
SlurmctldPidFile=$work/pids/slurmctld
SlurmdPidFile=$work/pids/slurmd-%n
SlurmctldLogFile=$work/logs/slurmctld
SlurmdLogFile=$work/logs/slurmd-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
NodeName=n[1-$nodes] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-$((17000 + nodes))] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
slurmctld
for i in $(seq "$nodes"); do slurmd -N "n$i"; done
for _ in $(seq 50); do
  [ "$(sinfo -h -o %D -t idle)" = "$nodes" ] && break
  sleep 0.2
done
[ "$(sinfo -h -o %D -t idle)" = "$nodes" ] || fail "the nodes are not idle: $(sinfo -N -h)"
say "$(slurmctld -V): controller, munge and $nodes node daemons on $host"

# ---- the run that nobody disturbs

bench() { deno task bench "${grid[@]}" "$@" 2>>"$work/logs/bench"; }
bench --workers 1 --out "$work/undisturbed" --jobs "$work/undisturbed-jobs" >/dev/null
say "one undisturbed run: done"
here=(--out "$work/shards" --jobs "$work/jobs")
say "bench --plan: $(bench "${here[@]}" --plan "$work/plan.json" | head -1)"

# ---- the array, and what befalls it

# Where the finished jobs of part $1 of 8 will be.
paths() {
  deno eval 'const { runs: [{ jobs }] } = JSON.parse(Deno.readTextFileSync(Deno.args[0]));
    const [, part, folder] = Deno.args, ids = jobs.filter(({ split }) => split % 8 === part - 1).map(({ id }) => id);
    console.log(ids.map((id) => `${folder}/${id.slice(0, 2)}/${id}.json`).join("\n"));' \
    "$work/plan.json" "$1" "$work/jobs"
}
# Those of some files that are there, with inode and time: a job that is done again has others.
kept() { stat -c '%n %i %Y' "$@" 2>/dev/null || true; }
begun() {
  for _ in $(seq 1200); do
    [ -z "$(kept "$@")" ] || return 0
    sleep 0.05
  done
  fail "a part has not begun after a minute: $(squeue -h)"
}
drained() {
  for _ in $(seq 600); do
    [ -n "$(squeue -h)" ] || return 0
    sleep 0.5
  done
  fail "tasks are left after five minutes: $(squeue -h)"
}
submit() { sbatch --parsable --output="$work/logs/task-%a" "$@"; }
merge() { deno task merge "$work"/shards/*/*.shard-*-of-8.gz --out "$work/merged"; }
mapfile -t second < <(paths 2)
mapfile -t third < <(paths 3)

array=$(submit examples/cluster/slurm.sh "${grid[@]}" "${here[@]}")
say "sbatch: array $array of 8 tasks"
begun "${third[@]}"
scancel "${array}_3"
begun "${second[@]}"
# Its processes, by the environment that Slurm gave them.
for process in $(grep -lsz "^SLURM_ARRAY_JOB_ID=$array$" /proc/[0-9]*/environ | cut -d/ -f3); do
  if grep -qsz "^SLURM_ARRAY_TASK_ID=2$" "/proc/$process/environ" && [ "$(cat "/proc/$process/comm")" = deno ]; then
    kill -9 "$process" || true
  fi
done
sleep 1
before=$(kept "${second[@]}" "${third[@]}")
say "task 3 cancelled after $(kept "${third[@]}" | wc -l) of ${#third[@]} jobs," \
  "task 2 killed (-9) after $(kept "${second[@]}" | wc -l) of ${#second[@]}"
for part in 2 3; do
  ! compgen -G "$work/shards/*/*.shard-$part-of-8.gz" >/dev/null || fail "task $part had ended before it was stopped"
done
drained
say "tasks as Slurm saw them end: $(scontrol show job "$array" | grep -o 'ArrayTaskId=[0-9]*\|JobState=[A-Z]*' |
  cut -d= -f2 | paste -sd' \n' | sort -n | paste -sd,)"

if merge >"$work/logs/merge" 2>&1; then fail "merge took a run with holes"; fi
say "merge refuses:"
grep -A9 '^error:' "$work/logs/merge" | sed 's/^/    /'
[ "$(grep -o -- '--shard [0-9]/8' "$work/logs/merge" | paste -sd,)" = "--shard 2/8,--shard 3/8" ] ||
  fail "merge should name the shards 2/8 and 3/8"

# ---- run again what was lost: requeued, or as an array of the lost ones

scontrol requeue "${array}_2"
again=$(SHARDS=8 submit --array=3 examples/cluster/slurm.sh "${grid[@]}" "${here[@]}")
say "scontrol requeue ${array}_2; SHARDS=8 sbatch --array=3: job $again"
drained
while read -r line; do
  kept "${second[@]}" "${third[@]}" | grep -qxF "$line" || fail "a job was done twice: $line"
done <<<"$before"
merge >"$work/logs/merge" 2>&1 || fail "merge: $(cat "$work/logs/merge")"
say "$(grep verified "$work/logs/merge" | sed "s|.*/||")"

# Clocks are in the speed sheet and nowhere else.
diff -r --exclude='*.speed.json' "$work/undisturbed" "$work/merged" || fail "the bytes differ"
(cd "$work/merged" && find . -type f ! -name '*.speed.json' -exec sha256sum {} +) | sed 's/^/    /'
say "ok: the bytes of the undisturbed run"
