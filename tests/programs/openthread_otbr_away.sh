# What is erased while OpenThread is away is forgotten there too when it is back, in this life of
# trothd or the next, unless another network takes its place. With otbr-agent, a double on a bus
# of its own: stories of tests/support/openthread_stories.py.
. "${TROTH_SOURCE:?}/tests/support/folder.sh"
python_with 'dbus, gi' 'python3-dbus and python3-gi'
$python -c 'from openthread_stories import *; play_openthread("agent", stories=AWAY)'
