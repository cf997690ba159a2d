// Three nodes for tests of the coordinator's handshakes: n2 is the real one, in the middle of the
// order of keys; n1, n3, a stranger and a clone of n2 are played, in as many lives as one likes.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "netft/core/coordinator.hpp"

namespace netft::fuzz {

enum Actor : std::uint8_t { n1, n2, n3, stranger, kActors };

class Town {
 public:
    explicit Town(session::Primitives& crypto) : crypto_(&crypto) {
        // Sorted: n1's key is the lowest. n2's is a clone's, too.
        for (std::uint8_t i = 0; i < kActors; ++i) {
            session::NoiseKeyPair& pair = keys_[i];
            std::uint8_t fill = static_cast<std::uint8_t>(0x11 * (i + 1));
            for (std::uint8_t& byte : pair.secret.room()) byte = fill++;
            pair.open = crypto.public_of(pair.secret);
        }
        std::sort(keys_.begin(), keys_.end(),
                  [](const auto& a, const auto& b) { return a.open < b.open; });
    }

    core::Settings settings(SecurityMode mode) const {
        core::Settings out;
        out.cluster = "x";
        out.security = mode;
        out.self = core::NodeIndex(n2);
        out.cluster_keys = {cluster_key(1)};
        for (std::uint8_t i = n1; i <= n3; ++i) {
            core::NodeSettings node;
            node.name = "n" + std::to_string(i + 1);
            node.public_key = keys_[i].open;
            node.endpoints = {{endpoint(static_cast<Actor>(i)), ""}};
            node.ipv4 = IpAddress::v4({169, 254, 1, static_cast<std::uint8_t>(i + 1)});
            node.ipv6 = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, i});
            out.nodes.push_back(std::move(node));
        }
        return out;
    }
    core::CoordinatorIdentity identity() {
        return {77, MacAddress{{2, 0, 0, 0, 0, 2}}, keys_[n2].secret, 1'000'000'000'000, crypto_};
    }
    static routing::InterfaceFact interface(bool up) {
        routing::InterfaceFact fact;
        fact.index = 2;
        fact.name = "eth0";
        fact.mtu = 1500;
        fact.admin_up = fact.carrier = up;
        fact.addresses = {Prefix{endpoint(n2).address, 24}};
        return fact;
    }

    static Endpoint endpoint(Actor who) {
        return {IpAddress::v4({10, 0, 0, static_cast<std::uint8_t>(who + 1)}), kNetftPort};
    }
    static Secret32 cluster_key(std::uint8_t number) {
        Secret32 key;
        key.room()[0] = number;
        return key;
    }
    const PublicKey& key_of(Actor who) const { return keys_[who].open; }

    // As `who` would say it in that life, with that cluster key.
    session::HandshakeIdentity as(Actor who, std::uint64_t life, std::uint8_t cluster = 1) const {
        session::HandshakeIdentity out;
        out.own = keys_[who];
        out.prologue = {'n', 'e', 't', 'f', 't', '1', 'x'};
        out.cluster_keys = {cluster_key(cluster)};
        out.incarnation = life;
        return out;
    }
    Card card(Actor who, std::uint8_t variant) const {
        Card out;
        out.name = "n" + std::to_string(who + 1);
        out.ipv4 = IpAddress::v4({169, 254, 1, static_cast<std::uint8_t>(who + 1)});
        out.ipv6 = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, who});
        // A few of them are not to be believed.
        out.mac = MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(variant % 4)}};
        CardEndpoint endpoint;
        endpoint.endpoint = Town::endpoint(who);
        endpoint.prefix_length = 24;
        endpoint.mtu = variant % 2 == 0 ? 1500 : 9000;
        out.endpoints = {endpoint};
        out.features = kFeatureViews;
        return out;
    }

 private:
    session::Primitives* crypto_;
    std::array<session::NoiseKeyPair, kActors> keys_;
};

}  // namespace netft::fuzz
