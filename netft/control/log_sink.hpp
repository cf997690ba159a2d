// The spdlog sink of netft: whole lines to a descriptor, never waiting for it.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>

namespace netft::control {

class LogSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
    // `journal`: "<6>" prefixes instead of what the pattern writes in front of the message.
    LogSink(int fd, bool journal) : fd_(fd), journal_(journal) {}

 protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

 private:
    int fd_;
    bool journal_;
    std::uint64_t lost_ = 0;  // lines that could not be written since the last that could
};

}  // namespace netft::control
