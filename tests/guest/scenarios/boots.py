"""The guest boots, has an adapter on the air, and Troth's programs run in it."""
from guest import *


def main():
    air = Air()
    g = Guest(air, adapters=1)
    print(g.said[-1])
    check("Linux" in g.run("uname -a"), "a kernel")
    print(g.run("time trothd --version"))
    g.adapter(0)
    print(g.run("btmgmt info; cat /proc/uptime"))
    g.off()


play(main)
