/* What people read about provisioning a device. */
#include <troth/wifi_client.h>

const char *troth_wifi_result_name(uint8_t result)
{
    switch (result) {
    case TROTH_WIFI_DONE:
        return "DONE";
    case TROTH_WIFI_NO_SERVICE:
        return "NO_SERVICE";
    case TROTH_WIFI_NO_CHARACTERISTIC:
        return "NO_CHARACTERISTIC";
    case TROTH_WIFI_REFUSED:
        return "REFUSED";
    case TROTH_WIFI_DEVICE_FAILED:
        return "DEVICE_FAILED";
    case TROTH_WIFI_STRANGE_STATUS:
        return "STRANGE_STATUS";
    case TROTH_WIFI_TIMED_OUT:
        return "TIMED_OUT";
    case TROTH_WIFI_LINK_LOST:
        return "LINK_LOST";
    case TROTH_WIFI_LOCAL:
        return "LOCAL";
    }
    return "(unknown)";
}

const char *troth_wifi_characteristic_name(uint8_t id)
{
    static const char *const names[] = {"(unknown)", "service", "SSID",   "Password",
                                        "Security",  "Control", "Status", "Details"};
    return id <= TROTH_WIFI_DETAILS ? names[id] : names[0];
}

static const char *refused_words(const struct troth_wifi_client_event *e)
{
    switch (e->att_error) {
    case TROTH_ATT_INVALID_OFFSET:
        return "the device takes no value this long in pieces: raise the ATT_MTU, or use a network "
               "with a name and password of at most 20 characters";
    case TROTH_ATT_INVALID_LENGTH:
        return "the device finds the value too short or too long";
    case TROTH_ATT_VALUE_NOT_ALLOWED:
        return "the device does not know this kind of Wi-Fi security: let it be detected";
    case TROTH_ATT_PROCEDURE_IN_PROGRESS:
        return "the device is busy with an earlier request: wait a moment and try again";
    case TROTH_ATT_INSUFFICIENT_RESOURCES:
        return "too many others are provisioning this device: wait until they are gone";
    }
    return troth_att_error_words(e->att_error);
}

static const char *failed_words(const struct troth_wifi_client_event *e)
{
    if (e->op == TROTH_WIFI_OP_ERASE)
        return "the device could not forget its credentials: try again, or reset it";
    if (e->details.known && e->details.reason != TROTH_NET_OK &&
        e->details.reason <= TROTH_NET_NOT_STORED)
        return troth_net_reason_words(e->details.reason);
    return "the device could not join the network and does not say why: check the password first, "
           "then the network's name, its distance, and that it has a band the device can use";
}

static const char *lost_words(const struct troth_wifi_client_event *e)
{
    switch (e->op) {
    case TROTH_WIFI_OP_PROVISION:
        return "the device disconnected before it told the outcome: it may have joined; connect "
               "again to see";
    case TROTH_WIFI_OP_ERASE:
        return "the device disconnected before it confirmed: it may have erased; connect again to "
               "see";
    default:
        return "the connection to the device was lost: move closer and try again";
    }
}

static const char *done_words(const struct troth_wifi_client_event *e)
{
    switch (e->op) {
    case TROTH_WIFI_OP_PROVISION:
        if (e->details.known && e->details.reason == TROTH_NET_NOT_STORED)
            return "the device has joined the network, but could not store it: it will be lost at "
                   "power-off";
        return "the device has joined the network";
    case TROTH_WIFI_OP_ERASE:
        return "the device has left the network and forgotten it";
    case TROTH_WIFI_OP_STATUS:
    case TROTH_WIFI_OP_OPEN:
        break;
    case TROTH_WIFI_OP_NONE:
        return "done";
    }
    switch (e->state) {
    case TROTH_PROV_IDLE:
        return "the device has no network yet";
    case TROTH_PROV_PROVISIONED:
        return "the device has a network";
    case TROTH_PROV_CONNECTING:
        return "the device is joining its network";
    case TROTH_PROV_CONNECTED:
        return "the device is on its network";
    case TROTH_PROV_FAILED:
        return "the device could not join a network";
    }
    return "done";
}

const char *troth_wifi_client_words(const struct troth_wifi_client_event *e)
{
    switch (e->result) {
    case TROTH_WIFI_DONE:
        return done_words(e);
    case TROTH_WIFI_NO_SERVICE:
        return "the device does not offer Wi-Fi provisioning: is it the right one, and is it in "
               "its "
               "provisioning mode?";
    case TROTH_WIFI_NO_CHARACTERISTIC:
        return "the device's provisioning service lacks a part: its firmware speaks another "
               "version";
    case TROTH_WIFI_REFUSED:
        return refused_words(e);
    case TROTH_WIFI_DEVICE_FAILED:
        return failed_words(e);
    case TROTH_WIFI_STRANGE_STATUS:
        return "the device gave a status that no version of the service has";
    case TROTH_WIFI_TIMED_OUT:
        return "the device told no outcome in time: it may still be trying; ask for its status "
               "later, or restart it";
    case TROTH_WIFI_LINK_LOST:
        return lost_words(e);
    case TROTH_WIFI_LOCAL:
        return troth_result_words(e->local);
    }
    return "an outcome this version of troth does not know";
}

const char *troth_wifi_client_kept_words(const struct troth_wifi_client_event *e)
{
    if (e->result != TROTH_WIFI_DEVICE_FAILED || !e->details.known ||
        !(e->details.flags & TROTH_WIFI_KEPT))
        return NULL;
    if (e->details.flags & TROTH_WIFI_ONLINE)
        return "the device stays on its earlier network";
    return "the device keeps its earlier network and is rejoining it";
}
