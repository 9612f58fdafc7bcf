/* First inputs for what reads the texts of other programs. */
#include "fuzz/seeds_linux.h"

#define TEXT(target, text)                                                                         \
    {                                                                                              \
        target, text, sizeof(text) - 1                                                             \
    }

#define RESET  "\x04\x0e\x04\x01\x03\x0c\x00"
#define EVENTS "\x04\x3e\x02\x0a\x00\x02\x01\x20\x03\x00\x61\x62\x63\x04\x13\x00"

const struct seed_text seeds_linux[] = {
    TEXT("wpa_text",
         "\x08\x01\x0c"
         "Meadow\t\"longenoughpw"
         "02:00:00:00:00:01\t2412\t-40\t[WPA2-PSK-CCMP][ESS]\tMeadow\n"
         "02:00:00:00:00:02\t5180\t-50\t[WPA2-PSK+SAE-CCMP][ESS]\t\\xc3\\xa9\\\\\\\"\n"),
    TEXT("wpa_text", "\x20\x03\x40"
                     "bssid=02:00:00:00:00:01\nfreq=2412\nssid=Meadow\nid=0\nmode=station\n"
                     "key_mgmt=WPA2-PSK\nwpa_state=COMPLETED\nip_address=192.0.2.1\n"),
    TEXT("wpa_text", "\x01\x06\x40"
                     "network id / ssid / bssid / flags\n0\tMeadow\tany\t[CURRENT]\n"
                     "1\t\\x00\\n\\e\tany\t[DISABLED]\n"),
    TEXT("wpa_text", "\x1f\x02\x3f"
                     "02:00:00:00:00:03\t5955\t-91\t[WPA2-FT/PSK-SHA256-CCMP][WEP][ESS]\t\n"
                     "02:00:00:00:00:04\t2484\t\t\t\n\t\t\t\t\n"),
    TEXT("ot_table",
         "\x0a\x28Open|Thread\n"
         "| J | Network Name     | Extended PAN     | PAN  | MAC Address      | Ch | dBm "
         "| LQI |\n+---+---+\n"
         "| 0 | OpenThread       | dead00beef00cafe | ffff | f1d92a82c8d8fe43 | 11 | -20 "
         "|   0 |\n"),
    TEXT("ot_table", "\x10\x80| ffff | 11 | -1 "
                     "| PAN  | MAC Address      | Ch | dBm | LQI |\n+--\n"
                     "| 1a2b | f1d92a82c8d8fe43 | 26 | -100 | 255 |\n"),
    TEXT("h4", "\x05" RESET EVENTS),
    TEXT("h4", "\x00" EVENTS "\x03\x01\x00\x01\x77\x05\x01\x00\x01\xc0\x55\x04\xff\x03\x01\x02"),
    TEXT("h4", "\x3f\x04\x0e\x04\x01\x04\x0e\x04" RESET RESET "\x00\x04\x13\x01\x07"),
    TEXT("h4", "\x01"
               "uart:/dev/ttyACM0,1000000,flow"),
    TEXT("h4", "\x01"
               "tcp:[::1]:9000"),
    TEXT("h4", "\x01"
               "hci:0"),
    TEXT("config", "# what\n; else\n[section]\nflag = yes\nyes-no=no\ntext =  a b \nnumber = 7\n"
                   "choice = two\nlist = a\nlist = b\nparsed = abcd\n"),
    TEXT("config", "number = 6\n"),
    TEXT("config", "config = x\n"),
    TEXT("config", "=\n"),
    TEXT("bluez_objects",
         "\x01\x01\x00\x00\x02\x01\x02\x00\x03\x0d\x00\x01\x02\x00\x02\x02\x03\x01\x03"
         "\x01\x05\x0b\x00\x40\x0c\x00\x02\x03\x03\x02\x01\x04Lamp\x04\x00\x01"),
    TEXT("bluez_objects",
         "\x00\x01\x00\x00\x01\x01\x01\x00\x00\x03\x01\x02\x01\x03\x01\x01\x02\x0b\x00"
         "\x20\x04\x80\x01\x03\x01\x00\x05\x01\x04\x02\x04\x01\x01\x02\x81\x00\x03\x01"
         "\x03"),
    TEXT("bluez_objects",
         "\x01\x00\x00\x00\x02\x01\x01\x00\x00\x03\x01\x01\x01\x0c\x00\x13\x03\x03\x03\x03\x03"
         "\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03"),
    TEXT("net_objects",
         "\x01\x03\x00\x02\x00\x03\x00\x00\x02\x00\x00\x00\x01\x00\x64\x00\x00\x00\x02\x00\x00"
         "\x01\x02\x05\x00\x02\x01\x02\x04\x00\x01\x01\x01\x03\x04\x07\x00\x02Me\x0b\x00\x2c\x01"
         "\x00\x00\x0d\x00\x05\x0c\x00\x40"),
    TEXT("net_objects", "\x00\x03\x04\x02\x04\x02\x0e\x00\x00\x13\x00\x01\x05\x02\x10\x00\x03\x11"
                        "\x00\x05\x05\x01\x06"
                        "\x02\x0e\x00\x04\x0f\x00\x01\x06\x01\x07\x02\x0e\x00\x04\x0f\x00\x01"),
    {0},
};
