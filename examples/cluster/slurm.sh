#!/bin/bash
# One bench on a Slurm cluster, a part in each task of an array. From the repository's root, on a file system that
# all nodes see:
#
#     sbatch examples/cluster/slurm.sh --data mmlu-pro --out runs/sweep --jobs runs/sweep/jobs
#
# All arguments go to `deno task bench`. Tasks that were lost are simply run again: those that Slurm still knows by
# `scontrol requeue JOB_3`, any others by their numbers and the size of the array they were part of:
#
#     SHARDS=8 sbatch --array=3,5 examples/cluster/slurm.sh …the same arguments…
#
#SBATCH --job-name=icl-router-bench
#SBATCH --array=1-8
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
set -eu

# A whole array says how many parts there are (`--shard slurm`); a part of one does not, so SHARDS does.
shard=${SHARDS:+$SLURM_ARRAY_TASK_ID/$SHARDS}

# Slurm runs a copy of this file, and starts it where sbatch was called.
cd "$SLURM_SUBMIT_DIR"
exec deno task bench "$@" --shard "${shard:-slurm}" --workers "${SLURM_CPUS_PER_TASK:-1}"
