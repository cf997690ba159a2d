// netft-trace: records of the daemon's trace stream in the form that a reader wants.
//
// A Format turns one record into the bytes to append. It sees every record, the snapshot included;
// what it has no words for gives nothing. Parts: formats (this), pcapng (blocks), packet (the
// frames in them), sink (where the bytes go), run (the loop).
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "netft/client/view.hpp"

namespace netft::trace {

class Format {
 public:
    virtual ~Format() = default;
    // What the output begins with.
    virtual std::string header() { return ""; }
    // `view` has the record applied already.
    virtual std::string record(const nlohmann::json& record, const client::View& view) = 0;
    // Whether the snapshot's records are wanted.
    virtual bool wants_snapshot() const { return false; }
};

std::unique_ptr<Format> json_format();
std::unique_ptr<Format> csv_format();
std::unique_ptr<Format> cluster_log_format();
std::unique_ptr<Format> pcapng_format();

}  // namespace netft::trace
