# trothd with otbr-agent as its network, which is a double on a bus of its own: the stories of
# tests/support/openthread_stories.py.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with 'dbus, gi' 'python3-dbus and python3-gi'
$python -c 'from openthread_stories import *; play_openthread("agent")'
