# trothd with an otbr-agent of some years ago as its network, a double on a bus of its own: stories of
# tests/support/openthread_stories.py.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with 'dbus, gi' 'python3-dbus and python3-gi'
$python -c 'from openthread_stories import *; play_openthread("agent", old=True)'
