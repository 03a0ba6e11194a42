"""The hooks inside every bare repository: they refuse what GitHub refuses and write down what a push changed.

The bridge hands them their orders in the environment, so a hook run by anything else does nothing.
"""

UPDATE = """\
#!/bin/sh
# ref, old, new: refuses one ref and lets the others of the same push through.
ref=$1 new=$3
for protected in $LOCALHUB_PROTECTED; do
    if [ "$ref" = "$protected" ]; then
        echo "error: GH006: Protected branch update failed for $ref." >&2
        exit 1
    fi
done
[ -n "$LOCALHUB_NO_WORKFLOWS" ] || exit 0
case $new in *[!0]*) ;; *) exit 0 ;; esac
touched=$(git log --format= --name-only "$new" --not --all -- .github/workflows | head -n 1)
[ -z "$touched" ] && exit 0
who=${LOCALHUB_NO_WORKFLOWS%%|*} lacks=${LOCALHUB_NO_WORKFLOWS#*|}
echo "refusing to allow $who to create or update workflow \\`$touched\\` without $lacks" >&2
exit 1
"""

POST_RECEIVE = """\
#!/bin/sh
# one line for each ref that really moved: old new ref
[ -n "$LOCALHUB_PUSHED" ] && cat > "$LOCALHUB_PUSHED"
exit 0
"""

HOOKS = {"update": UPDATE, "post-receive": POST_RECEIVE}
