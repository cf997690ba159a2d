/* A kronosnet adapter for netft-bench: a nozzle TAP joined to libknet over every network of the lab,
 * as kronosnet's own tunnel daemon does it. netft-bench compiles it where libknet and libnozzle are
 * installed.
 *
 *   knet_bridge ME NODES LINKS ADDRESS INTERVAL_MS TIMEOUT_MS POLICY CRYPTO
 *
 * Node N has the address 10.L.0.N on link L. POLICY: passive, active or rr. CRYPTO: none or aes256.
 * Prints "reachable N" and "unreachable N" when that changes; runs until it is ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libknet.h>
#include <libnozzle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT "3343"
#define PING_PRECISION 2048 /* libknet's and corosync's default */

static void must(int result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "knet_bridge: %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

/* Everything from the TAP goes to everybody, as on a switch that has not learnt yet. */
static int to_all(void *data, const unsigned char *frame, ssize_t length, uint8_t is_tx,
                  knet_node_id_t self, knet_node_id_t source, int8_t *channel, knet_node_id_t *nodes,
                  size_t *count) {
    (void)data, (void)frame, (void)length, (void)is_tx, (void)self, (void)source, (void)channel;
    (void)nodes, (void)count;
    return 1;
}

static void on_socket_error(void *data, int fd, int8_t channel, uint8_t direction, int error,
                            int number) {
    (void)data, (void)fd, (void)channel, (void)direction;
    fprintf(stderr, "knet_bridge: TAP: %d, %s\n", error, strerror(number));
}

static void on_host_change(void *data, knet_node_id_t node, uint8_t reachable, uint8_t remote,
                           uint8_t external) {
    (void)data, (void)remote, (void)external;
    printf("%s %d\n", reachable ? "reachable" : "unreachable", node);
}

static void encrypt(knet_handle_t handle) {
    struct knet_handle_crypto_cfg config = {0};
    strcpy(config.crypto_model, "openssl");
    strcpy(config.crypto_cipher_type, "aes256");
    strcpy(config.crypto_hash_type, "sha256");
    memset(config.private_key, 7, sizeof config.private_key);
    config.private_key_len = KNET_MAX_KEY_LEN;
    must(knet_handle_crypto_set_config(handle, &config, 1), "crypto");
    must(knet_handle_crypto_use_config(handle, 1), "crypto");
    must(knet_handle_crypto_rx_clear_traffic(handle, KNET_CRYPTO_RX_DISALLOW_CLEAR_TRAFFIC),
         "crypto");
}

static struct sockaddr_storage address_of(int node, int link) {
    struct sockaddr_storage address = {0};
    char text[32];
    snprintf(text, sizeof text, "10.%d.0.%d", link, node);
    must(knet_strtoaddr(text, PORT, &address, sizeof address), text);
    return address;
}

static int policy_of(const char *name) {
    if (strcmp(name, "active") == 0) return KNET_LINK_POLICY_ACTIVE;
    return strcmp(name, "rr") == 0 ? KNET_LINK_POLICY_RR : KNET_LINK_POLICY_PASSIVE;
}

struct settings {
    int self, nodes, links, interval_ms, timeout_ms, policy;
};

static void join(knet_handle_t handle, const struct settings *set, int peer) {
    must(knet_host_add(handle, peer), "host");
    must(knet_host_set_policy(handle, peer, set->policy), "policy");
    for (int link = 0; link < set->links; ++link) {
        struct sockaddr_storage from = address_of(set->self, link), to = address_of(peer, link);
        must(knet_link_set_config(handle, peer, link, KNET_TRANSPORT_UDP, &from, &to, 0), "link");
        must(knet_link_set_ping_timers(handle, peer, link, set->interval_ms, set->timeout_ms,
                                       PING_PRECISION), "timers");
        must(knet_link_set_pong_count(handle, peer, link, 1), "pong count");
        must(knet_link_set_enable(handle, peer, link, 1), "link");
    }
}

int main(int count, char **words) {
    if (count != 9) {
        fprintf(stderr, "knet_bridge: usage: knet_bridge ME NODES LINKS ADDRESS INTERVAL_MS "
                        "TIMEOUT_MS POLICY CRYPTO\n");
        return 2;
    }
    struct settings set = {atoi(words[1]), atoi(words[2]), atoi(words[3]), atoi(words[5]),
                           atoi(words[6]), policy_of(words[7])};
    setvbuf(stdout, NULL, _IOLBF, 0);
    char name[IFNAMSIZ] = "knet0";
    nozzle_t tap = nozzle_open(name, sizeof name, NULL);
    if (!tap) must(-1, "TAP");
    must(nozzle_add_ip(tap, words[4], "24"), "address");
    knet_handle_t handle = knet_handle_new(set.self, 0, 0);
    if (!handle) must(-1, "handle");
    must(knet_handle_enable_sock_notify(handle, NULL, on_socket_error), "notify");
    must(knet_handle_enable_filter(handle, NULL, to_all), "filter");
    must(knet_host_enable_status_change_notify(handle, NULL, on_host_change), "notify");
    if (strcmp(words[8], "aes256") == 0) encrypt(handle);
    int fd = nozzle_get_fd(tap);
    int8_t channel = 0;
    must(knet_handle_add_datafd(handle, &fd, &channel), "TAP");
    for (int peer = 1; peer <= set.nodes; ++peer)
        if (peer != set.self) join(handle, &set, peer);
    must(nozzle_set_up(tap), "TAP");
    must(knet_handle_setfwd(handle, 1), "forwarding");
    for (;;) pause();
}
