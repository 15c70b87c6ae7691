--- Certificates for TLS tests, made with the openssl command in a folder of the test's.
--
--     local certificates = require "spec.support.certificates"
--     local folder = process.temporary_folder()
--     local made = certificates.make(folder)
--     made.ca_file            the test authority; trusts good, expired, not_yet and wrong_name
--     made.good               { certificate = FILE, key = FILE }, for 127.0.0.1, ::1 and localhost
--     made.expired, made.not_yet, made.wrong_name (good for nobody here), made.self_signed

local process = require "spec.support.process"

local certificates = {}

local HERE = "IP:127.0.0.1,IP:::1,DNS:localhost"

local SCRIPT = [[
set -e
cd "$1"
touch index.txt
cat >ca.conf <<END
[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
END
openssl ecparam -name prime256v1 -genkey -noout -out key.pem
openssl ecparam -name prime256v1 -genkey -noout -out ca-key.pem
openssl req -x509 -new -config ca.conf -key ca-key.pem -subj "/CN=Test authority" -days 2 \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -out ca.pem
sign() { # name, subjectAltName, start, end
  openssl req -new -config ca.conf -key key.pem -subj "/CN=receiver" -addext "subjectAltName=$2" -out "$1.csr"
  openssl ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca-key.pem -in "$1.csr" -out "$1.pem" \
    -startdate "$3" -enddate "$4"
}
day() { date -u -d "$1" +%Y%m%d%H%M%SZ; }
sign good "$2" "$(day '-1 day')" "$(day '+2 days')"
sign expired "$2" "$(day '-3 days')" "$(day '-1 day')"
sign not_yet "$2" "$(day '+1 day')" "$(day '+3 days')"
sign wrong_name "DNS:elsewhere.example" "$(day '-1 day')" "$(day '+2 days')"
openssl req -x509 -new -config ca.conf -key key.pem -subj "/CN=receiver" -addext "subjectAltName=$2" -days 2 \
  -out self_signed.pem
]]

function certificates.make(folder)
  local status, output, errors = process.run({ "sh", "-c", SCRIPT, "sh", folder, HERE }, 30)
  if status ~= 0 then error("the certificates could not be made: " .. output .. errors, 2) end
  local made = { ca_file = folder .. "/ca.pem" }
  for _, name in ipairs { "good", "expired", "not_yet", "wrong_name", "self_signed" } do
    made[name] = { certificate = folder .. "/" .. name .. ".pem", key = folder .. "/key.pem" }
  end
  return made
end

return certificates
