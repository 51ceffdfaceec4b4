{{/* Says everything that cannot work, all at once, in words that name the value. */}}
{{- define "xiaoan.validate" -}}
{{- $v := .Values -}}
{{- $all := include "xiaoan.services" . | fromYaml -}}
{{- $wrong := list -}}
{{- if not $v.auth.issuer }}{{- $wrong = append $wrong "auth.issuer is empty: say who issues tokens" }}{{- end }}
{{- if not (or $v.auth.jwks.existingConfigMap $v.auth.jwks.existingSecret) }}{{- $wrong = append $wrong "auth.jwks: name a ConfigMap (existingConfigMap) or a Secret (existingSecret) with the key set" }}{{- end }}
{{- if and $v.auth.jwks.existingConfigMap $v.auth.jwks.existingSecret }}{{- $wrong = append $wrong "auth.jwks: existingConfigMap and existingSecret cannot both be given" }}{{- end }}
{{- if not $v.auth.serviceToken.existingSecret }}{{- $wrong = append $wrong "auth.serviceToken.existingSecret is empty: services cannot read each other's logs without a token" }}{{- end }}
{{- if not $v.nats.url }}{{- $wrong = append $wrong "nats.url is empty" }}{{- end }}
{{- if and $v.nats.credentials.existingSecret $v.nats.nkeys.existingSecret }}{{- $wrong = append $wrong "nats.credentials.existingSecret and nats.nkeys.existingSecret cannot both be given" }}{{- end }}
{{- if not (has (int $v.nats.streamReplicas) (list 1 3 5)) }}{{- $wrong = append $wrong "nats.streamReplicas must be 1, 3 or 5" }}{{- end }}
{{- if and (ne $v.migrations.mode "none") (not $v.migrations.database.existingSecret) }}{{- $wrong = append $wrong "migrations.database.existingSecret is empty: a migration needs the role that owns the tables (or migrations.mode=none)" }}{{- end }}
{{- if and $v.tls.certManager.enabled (not $v.tls.certManager.issuerRef.name) }}{{- $wrong = append $wrong "tls.certManager.issuerRef.name is empty" }}{{- end }}
{{- if and $v.tls.certManager.enabled $v.tls.existingSecret }}{{- $wrong = append $wrong "tls.existingSecret and tls.certManager.enabled cannot both be given" }}{{- end }}
{{- range $name, $s := $all }}
{{- if not (default $v.database.existingSecret $s.database.existingSecret) }}{{- $wrong = append $wrong (printf "database.existingSecret is empty, and so is services.%s.database.existingSecret" $name) }}{{- end }}
{{- if and $s.facts.persons (not (default $v.personKeys.existingSecret $s.personKeys.existingSecret)) }}{{- $wrong = append $wrong (printf "personKeys.existingSecret is empty, and so is services.%s.personKeys.existingSecret: persons cannot be sealed" $name) }}{{- end }}
{{- if not (include "xiaoan.tlsSecret" (dict "root" $ "name" $name "settings" $s)) }}{{- $wrong = append $wrong (printf "%s has no certificate: tls.existingSecret, services.%s.tls.existingSecret or tls.certManager.enabled (plaintext gRPC is refused beyond loopback)" $name $name) }}{{- end }}
{{- $away := add $s.drain.preStopSeconds $s.drain.delaySeconds $s.drain.graceSeconds }}
{{- if le (int $s.drain.terminationGracePeriodSeconds) (int $away) }}{{- $wrong = append $wrong (printf "%s would be killed while it drains: drain.terminationGracePeriodSeconds (%d) must be longer than preStopSeconds + delaySeconds + graceSeconds (%d)" $name (int $s.drain.terminationGracePeriodSeconds) (int $away)) }}{{- end }}
{{- if le (int $away) (int $s.limits.maxConnectionAgeSeconds) }}{{- $wrong = append $wrong (printf "%s: preStopSeconds + delaySeconds + graceSeconds (%d) must be longer than limits.maxConnectionAgeSeconds (%d)" $name (int $away) (int $s.limits.maxConnectionAgeSeconds)) }}{{- end }}
{{- if ne $s.autoscaling.kind "none" }}
{{- if not $s.facts.log }}{{- $wrong = append $wrong (printf "services.%s.autoscaling.kind must be none: its ledger has one writer, more pods would only wait for it (replicas is enough)" $name) }}{{- end }}
{{- if gt (int $s.autoscaling.minReplicas) (int $s.autoscaling.maxReplicas) }}{{- $wrong = append $wrong (printf "services.%s.autoscaling: minReplicas is more than maxReplicas" $name) }}{{- end }}
{{- if and (eq $s.autoscaling.kind "keda") (not $s.autoscaling.prometheusAddress) }}{{- $wrong = append $wrong (printf "services.%s.autoscaling.prometheusAddress is empty: keda asks Prometheus" $name) }}{{- end }}
{{- end }}
{{- if and $s.route.hostnames (eq $v.route.kind "none") }}{{- $wrong = append $wrong (printf "services.%s.route.hostnames needs route.kind grpc or http" $name) }}{{- end }}
{{- end }}
{{- if not (hasKey $all "hq") }}{{- $wrong = append $wrong "services.hq.enabled=false: every other service learns the org units from hq" }}{{- end }}
{{- if not (hasKey $all "cases") }}{{- $wrong = append $wrong "services.cases.enabled=false: hq and rankings follow its log" }}{{- end }}
{{- if and (hasKey $all "hq") (not (hasKey $all "rankings")) }}{{- $wrong = append $wrong "services.rankings.enabled=false: hq asks rankings when it freezes a period" }}{{- end }}
{{- if ne $v.route.kind "none" }}
{{- if not $v.route.hostnames }}{{- $wrong = append $wrong "route.hostnames is empty" }}{{- end }}
{{- if not $v.route.parentRefs }}{{- $wrong = append $wrong "route.parentRefs is empty: name a Gateway" }}{{- end }}
{{- if and $v.route.backendTLS.enabled (not $v.route.backendTLS.caConfigMap) }}{{- $wrong = append $wrong "route.backendTLS.caConfigMap is empty: the gateway must trust the services' certificates (or route.backendTLS.enabled=false and a policy of your own)" }}{{- end }}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.gateway.from) }}{{- $wrong = append $wrong "networkPolicy.gateway.from is empty: the gateway of the route would be shut out" }}{{- end }}
{{- end }}
{{- if and (ne $v.monitoring.kind "none") $v.networkPolicy.enabled (not $v.networkPolicy.monitoring.from) }}{{- $wrong = append $wrong "networkPolicy.monitoring.from is empty: Prometheus would be shut out" }}{{- end }}
{{- if and $v.board.proxy.enabled (not $v.board.proxy.image) }}{{- $wrong = append $wrong "board.proxy.image is empty" }}{{- end }}
{{- if and $v.board.proxy.enabled (not $v.board.hostnames) }}{{- $wrong = append $wrong "board.hostnames is empty: the board answers to names it knows" }}{{- end }}
{{- if $wrong }}{{- fail (printf "\n\nxiaoan cannot be installed like this:\n  - %s\n" (join "\n  - " ($wrong | uniq))) }}{{- end }}
{{- end -}}
