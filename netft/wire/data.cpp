#include "netft/wire/data.hpp"

namespace netft {

std::optional<TrainPrefix> decode_train_prefix(Bytes payload) {
    ByteReader in(payload);
    TrainPrefix prefix;
    prefix.index = in.u16();
    prefix.count = in.u16();
    if (!in.ok() || in.remaining() == 0) return {};
    if (prefix.count == 0 || prefix.count > kTrainDatagramsMax) return {};
    if (prefix.index >= prefix.count) return {};
    return prefix;
}

void encode(const TrainPrefix& prefix, ByteWriter& out) {
    out.u16(prefix.index);
    out.u16(prefix.count);
}

}  // namespace netft
