{{/* .over on top of .base, key by key; unlike mergeOverwrite, false, 0 and "" count as said. */}}
{{- define "xiaoan.merge" -}}
{{- $out := deepCopy .base -}}
{{- range $key, $value := .over -}}
{{- if and (kindIs "map" $value) (kindIs "map" (get $out $key)) $value -}}
{{- $_ := set $out $key (include "xiaoan.merge" (dict "base" (get $out $key) "over" $value) | fromYaml) -}}
{{- else if and (kindIs "map" $value) (not $value) (kindIs "map" (get $out $key)) -}}
{{- else -}}
{{- $_ := set $out $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{/* Every enabled service by name: its settings (defaults and its own) and what is true of it (`facts`). As YAML. */}}
{{- define "xiaoan.services" -}}
{{- $facts := .Files.Get "files/services.yaml" | fromYaml -}}
{{- $enabled := dict -}}
{{- range $name, $own := .Values.services -}}
{{- $settings := include "xiaoan.merge" (dict "base" $.Values.defaults "over" (default dict $own)) | fromYaml -}}
{{- if $settings.enabled -}}
{{- $_ := set $settings "facts" (deepCopy (get $facts $name)) -}}
{{- $_ := set $enabled $name $settings -}}
{{- end -}}
{{- end -}}
{{- range $name, $settings := $enabled -}}
{{- range $list := list "follows" "asks" -}}
{{- $there := list -}}
{{- range (get $settings.facts $list) -}}{{- if hasKey $enabled . -}}{{- $there = append $there . -}}{{- end -}}{{- end -}}
{{- $_ := set $settings.facts $list $there -}}
{{- end -}}
{{- end -}}
{{- toYaml $enabled -}}
{{- end -}}

{{/* How many pods there are at least. */}}
{{- define "xiaoan.least" -}}
{{- if eq .autoscaling.kind "none" -}}{{ int .replicas }}{{- else -}}{{ int .autoscaling.minReplicas }}{{- end -}}
{{- end -}}

{{/* How the broker is reached, as YAML by variable; files under /etc/xiaoan are those of xiaoan.files. (dict "root" $ "name" …) */}}
{{- define "xiaoan.natsEnvironment" -}}
{{- $nats := .root.Values.nats -}}
XIAOAN_NATS_URL: {{ $nats.url | quote }}
XIAOAN_NATS_REPLICAS: {{ int $nats.streamReplicas | quote }}
{{- if $nats.credentials.existingSecret }}
XIAOAN_NATS_CREDS: /etc/xiaoan/nats-credentials/{{ $nats.credentials.key }}
{{- end }}
{{- if $nats.nkeys.existingSecret }}
XIAOAN_NATS_NKEY_FILE: /etc/xiaoan/nats-nkey/{{ .name }}
{{- end }}
{{- if $nats.ca.existingSecret }}
XIAOAN_NATS_CA: /etc/xiaoan/nats-ca/{{ $nats.ca.key }}
{{- end }}
{{- end -}}

{{/* What a service is told that is no secret; becomes a ConfigMap. (dict "root" $ "name" … "settings" … "all" …) */}}
{{- define "xiaoan.environment" -}}
{{- $root := .root -}}{{- $s := .settings -}}{{- $all := .all -}}
XIAOAN_GRPC_ADDR: "0.0.0.0:7100"
XIAOAN_ADMIN_ADDR: "0.0.0.0:7200"
XIAOAN_ISSUER: {{ $root.Values.auth.issuer | quote }}
XIAOAN_AUDIENCE: {{ $root.Values.auth.audience | quote }}
XIAOAN_JWKS: /etc/xiaoan/jwks/{{ $root.Values.auth.jwks.key }}
XIAOAN_SERVICE_TOKEN_FILE: /etc/xiaoan/service-token/{{ $root.Values.auth.serviceToken.key }}
XIAOAN_TLS_CERT: /etc/xiaoan/tls/tls.crt
XIAOAN_TLS_KEY: /etc/xiaoan/tls/tls.key
XIAOAN_PEER_CA: /etc/xiaoan/tls/ca.crt
{{- if $root.Values.tls.mutual }}
XIAOAN_TLS_CLIENT_CA: /etc/xiaoan/tls/ca.crt
XIAOAN_PEER_CERT: /etc/xiaoan/tls/tls.crt
XIAOAN_PEER_KEY: /etc/xiaoan/tls/tls.key
{{- end }}
XIAOAN_DATABASE_POOL: {{ int $s.database.pool | quote }}
{{ include "xiaoan.natsEnvironment" . }}
{{- if $s.facts.persons }}
XIAOAN_KEK_FILE: /etc/xiaoan/person-keys/{{ default $root.Values.personKeys.key $s.personKeys.key }}
{{- end }}
{{- with $s.facts.follows }}
{{- $sources := list }}
{{- range . }}{{- $sources = append $sources (printf "%s=%s" . (include "xiaoan.url" (dict "root" $root "name" . "settings" (get $all .)))) }}{{- end }}
XIAOAN_SOURCES: {{ join "," $sources | quote }}
{{- end }}
{{- range $s.facts.asks }}
XIAOAN_{{ upper . }}_URL: {{ include "xiaoan.url" (dict "root" $root "name" . "settings" (get $all .)) | quote }}
{{- end }}
{{- if and (eq .name "rankings") $root.Values.board.hostnames }}
XIAOAN_WEB_HOSTS: {{ join "," $root.Values.board.hostnames | quote }}
{{- end }}
XIAOAN_MAX_IN_FLIGHT: {{ int $s.limits.inFlight | quote }}
XIAOAN_DEFAULT_DEADLINE: {{ printf "%ds" (int $s.limits.defaultDeadlineSeconds) | quote }}
XIAOAN_MAX_DEADLINE: {{ printf "%ds" (int $s.limits.maxDeadlineSeconds) | quote }}
XIAOAN_MAX_CONNECTION_AGE: {{ printf "%ds" (int $s.limits.maxConnectionAgeSeconds) | quote }}
XIAOAN_DRAIN_DELAY: {{ printf "%ds" (int $s.drain.delaySeconds) | quote }}
XIAOAN_DRAIN_GRACE: {{ printf "%ds" (int $s.drain.graceSeconds) | quote }}
XIAOAN_LOG_FORMAT: json
RUST_LOG: {{ $s.log | quote }}
{{- with $root.Values.telemetry.otlpEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- end -}}
