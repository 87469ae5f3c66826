#!/run/vmtest/bin/sh
# Process 1 of a Debian machine, before systemd takes its place (vmtest.init=): the test's agent
# becomes a unit that the image knows nothing of. It is there before everything else and outlives it.
mkdir -p /run/systemd/system/sysinit.target.wants
cat > /run/systemd/system/vmtest.service <<'END'
[Unit]
Description=The hands of the test
DefaultDependencies=no
IgnoreOnIsolate=yes
[Service]
ExecStart=/run/vmtest/agent
KillMode=process
OOMScoreAdjust=-1000
LimitMEMLOCK=infinity
StandardOutput=null
StandardError=null
END
ln -s ../vmtest.service /run/systemd/system/sysinit.target.wants/
exec /sbin/init
