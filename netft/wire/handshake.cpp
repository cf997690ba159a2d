#include "netft/wire/handshake.hpp"

namespace netft {

namespace {

bool is_sealing(std::uint8_t mode) {
    return mode == static_cast<std::uint8_t>(SecurityMode::sign) ||
           mode == static_cast<std::uint8_t>(SecurityMode::encrypt);
}

}  // namespace

std::optional<InitiationPayload> decode_initiation_payload(Bytes payload) {
    ByteReader in(payload);
    InitiationPayload p;
    p.index = SessionIndex(in.u32());
    std::uint8_t mode = in.u8();
    in.take(3);
    p.timestamp = in.u64();
    p.incarnation = in.u64();
    if (!in.ok() || !is_sealing(mode) || p.index.value == 0) return {};
    p.mode = static_cast<SecurityMode>(mode);
    return p;
}

std::optional<ResponsePayload> decode_response_payload(Bytes payload) {
    ByteReader in(payload);
    ResponsePayload p;
    p.index = SessionIndex(in.u32());
    std::uint8_t mode = in.u8();
    std::uint8_t status = in.u8();
    in.take(2);
    p.incarnation = in.u64();
    if (!in.ok() || !is_sealing(mode) || status > 1 || p.index.value == 0) return {};
    p.mode = static_cast<SecurityMode>(mode);
    p.status = static_cast<HandshakeStatus>(status);
    return p;
}

void encode(const InitiationPayload& p, ByteWriter& out) {
    out.u32(p.index.value);
    out.u8(static_cast<std::uint8_t>(p.mode));
    out.zeros(3);
    out.u64(p.timestamp);
    out.u64(p.incarnation);
}

void encode(const ResponsePayload& p, ByteWriter& out) {
    out.u32(p.index.value);
    out.u8(static_cast<std::uint8_t>(p.mode));
    out.u8(static_cast<std::uint8_t>(p.status));
    out.zeros(2);
    out.u64(p.incarnation);
}

}  // namespace netft
