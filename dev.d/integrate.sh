# The examples of docs/integrate. What they need is installed before the tests, so that no test downloads anything.

# Sets XIAOAN_INTEGRATE: the examples that tests can run. The others are left out loudly.
prepare_integrate() {
  local example ready=''
  for example in python typescript java; do
    if integrate_runtime "$example" && step "what the $example example needs" "$ROOT/docs/integrate/$example/run" prepare; then
      ready+=" $example"
    else
      warn "!! docs/integrate/$example: NOT TESTED. It needs $(integrate_needs "$example"), and what it pins from its package registry"
    fi
  done
  export XIAOAN_INTEGRATE=${ready# }
}

integrate_needs() {
  case $1 in
    python) echo 'python3 3.10 or later with venv' ;;
    typescript) echo 'node 20 or later with npm' ;;
    java) echo 'a JDK 17 or later and maven 3.8 or later' ;;
  esac
}

integrate_runtime() {
  case $1 in
    python) have python3 && python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ;;
    typescript) have npm && have node && at_least "$(node --version | tr -d v)" 20 ;;
    java) have mvn && have javac && at_least "$(javac -version 2>&1 | grep -o '[0-9][0-9.]*' | head -n 1)" 17 ;;
  esac
}
