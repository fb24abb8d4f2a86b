/* Names of the registration's JSON that both directions use. */
#pragma once

#define LTI_REGISTER_TOOL "https://purl.imsglobal.org/spec/lti-tool-configuration"
