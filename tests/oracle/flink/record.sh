#!/usr/bin/env bash
# Asks Apache Flink every statement of statements/, and writes answers/. The tests compare with what is written: this is run
# only when statements or data change, and needs a JDK 17 and Maven.
#
# usage: record.sh [STATEMENTS.sql…]
set -euo pipefail
cd "$(dirname "$0")"
libs=$(realpath -m ../../../build/flink-libs)
if ! cmp -s pom.xml "$libs/pom.xml"; then
  rm -rf "$libs"
  mvn --batch-mode --quiet --file pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs"
  cp pom.xml "$libs/pom.xml"
fi
opens=()
for package in java.lang java.lang.reflect java.io java.net java.nio java.text java.time java.util java.util.concurrent \
  java.util.concurrent.atomic java.util.concurrent.locks sun.net.util; do
  opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done
python3 make_data.py
files=("$@")
[ $# -gt 0 ] || files=(statements/*.sql)
mkdir -p answers
java "${opens[@]}" -cp "$libs/*" FlinkAnswers.java tables.sql "$PWD/data" answers "${files[@]}"
