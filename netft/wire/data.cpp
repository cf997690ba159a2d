#include "netft/wire/data.hpp"

namespace netft {

void encode(const TrainPrefix& prefix, ByteWriter& out) {
    out.u16(prefix.index);
    out.u16(prefix.count);
}

}  // namespace netft
