/* What a device's networks are in our words. */
#ifndef TROTH_PROV_PROTOCOMM_CLIENT_H
#define TROTH_PROV_PROTOCOMM_CLIENT_H

#include <troth/protocomm_client.h>

#include "prov/proto/config.pb.h"
#include "prov/proto/ctrl.pb.h"
#include "prov/proto/scan.pb.h"

int client_read_wifi(const pb_RespGetWifiStatus *r, struct troth_protocomm_answer *a);
int client_read_thread(const pb_RespGetThreadStatus *r, struct troth_protocomm_answer *a);
/* False: no such entry is possible. */
bool client_read_ap(const pb_WifiScanResult *e, struct troth_scan_result *r, uint32_t *auth_mode);
bool client_read_router(const pb_ThreadScanResult *e, struct troth_scan_result *r);

#endif
