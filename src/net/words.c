/* What people read of networks: names and sentences. */
#include <troth/net.h>

const char *troth_net_reason_name(uint8_t reason)
{
    switch (reason) {
    case TROTH_NET_OK:
        return "OK";
    case TROTH_NET_WRONG_PASSWORD:
        return "WRONG_PASSWORD";
    case TROTH_NET_NOT_FOUND:
        return "NOT_FOUND";
    case TROTH_NET_NO_ADDRESS:
        return "NO_ADDRESS";
    case TROTH_NET_TIMEOUT:
        return "TIMEOUT";
    case TROTH_NET_UNSUPPORTED_SECURITY:
        return "UNSUPPORTED_SECURITY";
    case TROTH_NET_LINK_LOST:
        return "LINK_LOST";
    case TROTH_NET_BACKEND_GONE:
        return "BACKEND_GONE";
    case TROTH_NET_OTHER:
        return "OTHER";
    case TROTH_NET_NO_NETWORK_GIVEN:
        return "NO_NETWORK_GIVEN";
    case TROTH_NET_BAD_PASSWORD:
        return "BAD_PASSWORD";
    case TROTH_NET_NOT_STORED:
        return "NOT_STORED";
    case TROTH_NET_BAD_DATASET:
        return "BAD_DATASET";
    case TROTH_NET_WRONG_KEY:
        return "WRONG_KEY";
    }
    return "(unknown)";
}

const char *troth_net_reason_words(uint8_t reason)
{
    switch (reason) {
    case TROTH_NET_OK:
        return "nothing is wrong";
    case TROTH_NET_WRONG_PASSWORD:
        return "the network refused the password, most likely a typing error: check it, capital "
               "letters included, and try again";
    case TROTH_NET_NOT_FOUND:
        return "no such network is in range: check the name, move closer, and check that the "
               "network has a band the device can use (many have 2.4 GHz only); with WPA3 a wrong "
               "password can look like this too";
    case TROTH_NET_NO_ADDRESS:
        return "the network let the device in but gave it no address: check the router's DHCP, or "
               "restart the router";
    case TROTH_NET_TIMEOUT:
        return "the network did not answer in time: move closer and try again; if it persists, "
               "check the password";
    case TROTH_NET_UNSUPPORTED_SECURITY:
        return "the network does not use this kind of security, or the device cannot: choose "
               "another kind, or let it be detected";
    case TROTH_NET_LINK_LOST:
        return "the connection to the network was lost: the device keeps trying to rejoin; check "
               "that the router is on";
    case TROTH_NET_BACKEND_GONE:
        return "the device's network service does not run: restart it or the device";
    case TROTH_NET_OTHER:
        return "the network could not be joined and nobody said why: try again, then look in the "
               "device's log";
    case TROTH_NET_NO_NETWORK_GIVEN:
        return "no network was named: send its name first, then connect";
    case TROTH_NET_BAD_PASSWORD:
        return "this cannot be the password of such a network: it needs 8 to 63 characters, or 64 "
               "hexadecimal digits for a raw key";
    case TROTH_NET_NOT_STORED:
        return "the device could not write its memory: what was changed is lost at power-off; try "
               "again, then check its storage";
    case TROTH_NET_BAD_DATASET:
        return "this is no Thread dataset that can be used: copy it again whole, and check that a "
               "network key is in it";
    case TROTH_NET_WRONG_KEY:
        return "the Thread network is in range but refuses this network key: copy the key again "
               "from the border router";
    }
    return "a reason this version of troth does not know";
}

const char *troth_net_reason_words_for(uint8_t kind, uint8_t reason)
{
    if (kind != TROTH_NET_THREAD)
        return troth_net_reason_words(reason);
    switch (reason) {
    case TROTH_NET_NOT_FOUND:
        return "no such Thread network is in range: check channel, PAN ID and Extended PAN ID, "
               "move "
               "closer to one of its routers; a wrong network key can look like this too";
    case TROTH_NET_NO_ADDRESS:
        return "the Thread network let the device in but gave it no address: check the border "
               "router";
    case TROTH_NET_TIMEOUT:
        return "the Thread network did not answer in time: move closer to one of its routers and "
               "try again; if it persists, check the network key";
    case TROTH_NET_UNSUPPORTED_SECURITY:
        return "the device has no Thread radio, or the network asks for what it cannot";
    case TROTH_NET_LINK_LOST:
        return "the device is detached from the Thread network and keeps trying to attach again: "
               "check that its routers are on";
    case TROTH_NET_NO_NETWORK_GIVEN:
        return "no dataset was given: send it first, then apply it";
    }
    return troth_net_reason_words(reason);
}

const char *troth_wifi_security_name(uint8_t security)
{
    switch (security) {
    case TROTH_WIFI_OPEN:
        return "open";
    case TROTH_WIFI_WPA2_PSK:
        return "WPA2-PSK";
    case TROTH_WIFI_WPA2_PSK_SHA256:
        return "WPA2-PSK-SHA256";
    case TROTH_WIFI_WPA3_SAE:
        return "WPA3-SAE";
    case TROTH_WIFI_WPA2_WPA3:
        return "WPA2/WPA3";
    case TROTH_WIFI_OTHER:
        return "other";
    case TROTH_WIFI_AUTO:
        return "auto";
    }
    return "(unknown)";
}

const char *troth_thread_role_name(uint8_t role)
{
    switch (role) {
    case TROTH_THREAD_DETACHED:
        return "detached";
    case TROTH_THREAD_CHILD:
        return "child";
    case TROTH_THREAD_ROUTER:
        return "router";
    case TROTH_THREAD_LEADER:
        return "leader";
    }
    return "(unknown)";
}
