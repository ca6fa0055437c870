#!/bin/sh
# Stands for Salt's salt-call where Salt cannot be had: takes the arguments, the configuration, the states and the exit codes as Salt's
# documentation says them, of states only cmd.run, and prints as Salt does.
set -u
config='' passthrough='' function='' names=''
for argument; do
  case $argument in
    --local | --no-color | --log-level=*) ;;
    --retcode-passthrough) passthrough=1 ;;
    --config-dir=*) config=${argument#*=} ;;
    -*) echo "Usage: salt-call [options] <function> [arguments]" >&2; echo "salt-call: error: no such option: $argument" >&2; exit 64 ;;
    *) if [ -z "$function" ]; then function=$argument; else names="$names $(echo "$argument" | tr , ' ')"; fi ;;
  esac
done
[ -r "$config/minion" ] || { echo "[ERROR   ] no configuration in $config" >&2; exit 1; }
setting() { cat "$config"/minion.d/*.conf "$config/minion" | tr -d ' \n' | sed -n "s/.*\"$1\":{\"base\":\[\([^]]*\)\].*/\1/p" | tr -d '"' | tr , ' '; }
leave() { [ -n "$passthrough" ] || [ "$1" = 0 ] || exit 1; exit "$1"; }
not_compiled() { printf 'local:\n    Data failed to compile:\n----------\n    %s\n' "$1"; leave 1; }
roots=$(setting file_roots)
for root in $(setting pillar_roots); do
  [ -r "$root/top.sls" ] || { printf '[CRITICAL] Pillar render error\nlocal:\n    Pillar failed to render with the following messages:\n----------\n    no top.sls\n'; leave 5; }
done
find_sls() {
  for root in $roots; do
    for file in "$root/$(echo "$1" | tr . /).sls" "$root/$(echo "$1" | tr . /)/init.sls"; do [ -r "$file" ] && { echo "$file"; return; }; done
  done
}
case $function in
  state.highstate) names=$(sed -n 's/^ *- \([^ ]*\) *$/\1/p' "$(find_sls top)") ;;
  state.sls) ;;
  *) echo "'$function' is not available." >&2; exit 1 ;;
esac
for name in $names; do
  [ -n "$(find_sls "$name")" ] || not_compiled "No matching sls found for '$name' in env 'base'"
  if grep -q '{{' "$(find_sls "$name")"; then not_compiled "Rendering SLS 'base:$name' failed: Jinja variable 'cow' is undefined"; fi
done
echo 'local:'
code=0 id=''
for name in $names; do
  while IFS= read -r line; do
    case $line in
      [a-z]*:) id=${line%:} ;;
      '    - name: '*)
        output=$(sh -c "${line#    - name: }" 2>&1); result=$?
        [ "$result" = 0 ] && said=True || { said=False; code=2; }
        printf -- '----------\n          ID: %s\n    Function: cmd.run\n        Name: %s\n      Result: %s\n     Comment: Command "%s" run\n     Started: 00:00:00.000000\n    Duration: 1.0 ms\n     Changes:   \n              ----------\n              retcode:\n                  %s\n              stdout:\n                  %s\n' \
          "$id" "${line#    - name: }" "$said" "${line#    - name: }" "$result" "$output"
        ;;
    esac
  done <"$(find_sls "$name")"
done
printf '\nSummary for local\n------------\n'
leave "$code"
