{{/* Egress rules of what stands outside the chart. (dict "root" $ "flows" (list "dns" …)) */}}
{{- define "xiaoan.toGround" -}}
{{- $v := .root.Values -}}
{{- range .flows }}
{{- if eq . "dns" }}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
  {{- with $v.networkPolicy.dns.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else if eq . "database" }}
- ports: [{port: {{ int $v.database.port }}}]
  {{- with $v.networkPolicy.database.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else if eq . "nats" }}
- ports: [{port: {{ int $v.nats.port }}}]
  {{- with $v.networkPolicy.nats.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else if and (eq . "otlp") $v.telemetry.otlpEndpoint }}
- ports: [{port: {{ int $v.networkPolicy.otlp.port }}}]
  {{- with $v.networkPolicy.otlp.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}
