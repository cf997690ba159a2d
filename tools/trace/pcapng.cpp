#include "tools/trace/pcapng.hpp"

namespace netft::trace::pcapng {

namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kLinktypeEthernet = 1;

enum Option : std::uint16_t {
    kEndOfOptions = 0,
    kComment = 1,
    kInterfaceName = 2,       // interface block
    kPacketFlags = 2,         // packet block
    kInterfaceDescribed = 3,  // interface block
    kWritingApplication = 4,  // section header
    kTimeResolution = 9,      // interface block
};

template <class T>
void little(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        out += static_cast<char>(value >> (8 * i) & 0xff);
}

void pad(std::string& out) { out.append((4 - out.size() % 4) % 4, '\0'); }

void option(std::string& out, Option code, const std::string& value) {
    std::string cut = value.substr(0, 0xffff);
    little<std::uint16_t>(out, code);
    little<std::uint16_t>(out, static_cast<std::uint16_t>(cut.size()));
    out += cut;
    pad(out);
}

void end_of_options(std::string& out) { little<std::uint32_t>(out, kEndOfOptions); }

std::string block(std::uint32_t type, const std::string& body) {
    std::string out;
    std::uint32_t length = static_cast<std::uint32_t>(body.size() + 12);
    little(out, type);
    little(out, length);
    out += body;
    little(out, length);
    return out;
}

std::string u32_bytes(std::uint32_t value) {
    std::string out;
    little(out, value);
    return out;
}

}  // namespace

std::string section_header(const std::string& application) {
    std::string body;
    little<std::uint32_t>(body, kByteOrderMagic);
    little<std::uint16_t>(body, 1);  // version 1.0
    little<std::uint16_t>(body, 0);
    little<std::uint64_t>(body, ~std::uint64_t{0});  // section length: not known
    option(body, kWritingApplication, application);
    end_of_options(body);
    return block(kSectionHeader, body);
}

std::string interface_description(const std::string& name, const std::string& description) {
    std::string body;
    little<std::uint16_t>(body, kLinktypeEthernet);
    little<std::uint16_t>(body, 0);
    little<std::uint32_t>(body, 0);  // no limit on a packet's length
    option(body, kInterfaceName, name);
    option(body, kInterfaceDescribed, description);
    option(body, kTimeResolution, std::string(1, '\x09'));
    end_of_options(body);
    return block(kInterfaceDescription, body);
}

std::string enhanced_packet(const Packet& packet) {
    std::string body;
    std::uint32_t size = static_cast<std::uint32_t>(packet.frame.size());
    little<std::uint32_t>(body, packet.interface);
    little<std::uint32_t>(body, static_cast<std::uint32_t>(packet.unix_ns >> 32));
    little<std::uint32_t>(body, static_cast<std::uint32_t>(packet.unix_ns & 0xffffffff));
    little(body, size);
    little(body, size);
    body.append(packet.frame.begin(), packet.frame.end());
    pad(body);
    if (!packet.comment.empty()) option(body, kComment, packet.comment);
    if (packet.flow != Flow::unknown)
        option(body, kPacketFlags, u32_bytes(static_cast<std::uint32_t>(packet.flow)));
    end_of_options(body);
    return block(kEnhancedPacket, body);
}

}  // namespace netft::trace::pcapng
